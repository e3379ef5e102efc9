# The publisher. What goes in is pinned by hash: requirements.lock, and deploy/build.lock for what makes the wheel.
# Any Debian-like base with Python 3.11 or later, venv and pip will do: docker build --build-arg BASE=...
ARG BASE=python:3.13.9-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
COPY requirements.lock deploy/build.lock ./
RUN python3 -m venv --without-pip /opt/build && python3 -m venv --without-pip /opt/gauge && \
    pip --python /opt/build/bin/python install --no-cache-dir --require-hashes -r build.lock && \
    pip --python /opt/gauge/bin/python install --no-cache-dir --no-compile --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY gauge_mqtt gauge_mqtt
# Byte code is made here because nothing can be written later, and by hash because file times differ with each build.
RUN pip --python /opt/build/bin/python wheel --no-build-isolation --no-deps --wheel-dir /wheels . && \
    pip --python /opt/gauge/bin/python install --no-compile --no-index --no-deps /wheels/*.whl && \
    /opt/gauge/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/gauge/lib

FROM ${BASE}
COPY --from=build /opt/gauge /opt/gauge
RUN mkdir /state && chmod 1777 /state
ENV PATH=/opt/gauge/bin:$PATH HOME=/state CLAUDE_CONFIG_DIR=/claude CLAUDE_GAUGE_STATE_DIR=/state
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["gauge-mqtt"]
CMD ["run"]
