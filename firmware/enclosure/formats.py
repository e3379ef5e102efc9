"""Solids as 3MF and outlines as DXF: few lines each, and the same bytes wherever they are made."""

import io
import itertools
import re
import zipfile
from collections.abc import Iterable

import numpy as np
from manifold3d import Manifold, Mesh

_CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MODEL = "3D/3dmodel.model"
_STAMP = (2026, 1, 1, 0, 0, 0)


def model(solid: Manifold, title: str) -> str:
    """The 3MF core specification's model of one object, in millimetres to a hundredth of a micrometre."""
    mesh = solid.to_mesh()
    vertices = "".join(
        f'<vertex x="{x:.5f}" y="{y:.5f}" z="{z:.5f}"/>' for x, y, z in np.asarray(mesh.vert_properties[:, :3]) + 0.0
    )
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in np.asarray(mesh.tri_verts))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<model unit="millimeter" xml:lang="en" xmlns="{_CORE}">'
        f'<metadata name="Title">{title}</metadata><resources><object id="1" type="model" name="{title}"><mesh>'
        f"<vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh></object></resources>"
        '<build><item objectid="1"/></build></model>\n'
    )


def pack(text: str) -> bytes:
    """The package around a model."""
    types = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>\n'
    )
    relations = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Target="/{_MODEL}" Id="rel0" '
        'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>\n'
    )
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in (("[Content_Types].xml", types), ("_rels/.rels", relations), (_MODEL, text)):
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return package.getvalue()


def unpack(package: bytes) -> str:
    """The model in it: what counts, as another zlib packs other bytes."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.read(_MODEL).decode()


def solid_of(text: str) -> Manifold:
    numbers = re.findall(r'<vertex x="([^"]+)" y="([^"]+)" z="([^"]+)"/>', text)
    corners = re.findall(r'<triangle v1="(\d+)" v2="(\d+)" v3="(\d+)"/>', text)
    return Manifold(Mesh(np.array(numbers, dtype=np.float32), np.array(corners, dtype=np.uint32)))


def dxf(entities: Iterable[str], note: str) -> str:
    """AutoCAD R12, which every laser cutter reads. It knows no units: millimetres, as `note` says."""
    return "\n".join(["999", note, "0", "SECTION", "2", "ENTITIES", *entities, "0", "ENDSEC", "0", "EOF", ""])


def _entity(kind: str, layer: str, **groups: float) -> str:
    rows = ["0", kind, "8", layer]
    for code, value in groups.items():
        rows += [code.removeprefix("g"), f"{value:.4f}"]
    return "\n".join(rows)


def dxf_box(layer: str, left: float, low: float, right: float, high: float) -> list[str]:
    corners = ((left, low), (right, low), (right, high), (left, high), (left, low))
    return [
        _entity("LINE", layer, g10=x, g20=y, g11=to_x, g21=to_y) for (x, y), (to_x, to_y) in itertools.pairwise(corners)
    ]


def dxf_circle(layer: str, x: float, y: float, radius: float) -> list[str]:
    return [_entity("CIRCLE", layer, g10=x, g20=y, g40=radius)]
