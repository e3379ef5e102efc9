"""The lines of one Claude Code session file, shaped like those of 2.1.330 and of two older formats.

Everything is put together from ready pieces of text: a JSON encoder per line would be the slowest part of a generator.
"""

import random
from typing import NamedTuple

from pieces import Text, iso, uuid
from truth import HOUR, Message

MODERN, STREAMING, OLDEST = "2.1.330", "2.1.96", "1.0.41"
"""Versions: one usage on every line; 3 output tokens until the last line; no requestId, one line, `costUSD`."""
RELAY = "msg_relay"
"""The id of every response behind some gateways."""
ZERO = '"server_tool_use":{"web_search_requests":0,"web_fetch_requests":0},"service_tier":"standard"'


class Said(NamedTuple):
    """A response as its first line told it: what a sidechain replay repeats."""

    message: Message
    line: str


class Transcript:
    """Collects the lines of one file. `at` is always milliseconds; `messages` is what they truly contain."""

    def __init__(
        self,
        rng: random.Random,
        text: Text,
        *,
        sid: str,
        cwd: str,
        version: str,
        agent: str | None,
        relay: bool = False,
    ) -> None:
        self.rng, self.text, self.sid, self.version = rng, text, sid, version
        self.chain = "true" if agent else "false"
        self.agent = f'"agentId":"{agent}",' if agent else ""
        self.main = agent is None
        self.relay = relay
        self.tail = (
            f'"userType":"external","entrypoint":"cli","cwd":"{cwd}","sessionId":"{sid}","version":"{version}",'
            '"gitBranch":"main"}\n'
        )
        self.parent = "null"
        self.lines: list[str] = []
        self.messages: list[Message] = []
        self.said: list[Said] = []
        self.usage_lines = self.usage_bytes = self.size = self.last = 0

    def token(self) -> str:
        return f"{self.rng.getrandbits(96):024x}"

    def uuid(self) -> str:
        return uuid(self.rng)

    def add(self, line: str) -> None:
        self.lines.append(line)
        self.size += len(line)

    def _record(self, at: int, body: str, kind: str, *, usage: bool = False) -> str:
        own = f'"{self.uuid()}"'
        line = (
            f'{{"parentUuid":{self.parent},"isSidechain":{self.chain},{self.agent}{body},"type":"{kind}","uuid":{own},'
            f'"timestamp":"{iso(at)}",{self.tail}'
        )
        self.parent, self.last = own, max(self.last, at)
        self.add(line)
        if usage:
            self.usage_lines += 1
            self.usage_bytes += len(line)
        return line

    def prompt(self, at: int, size: float) -> None:
        self.add(
            f'{{"type":"queue-operation","operation":"enqueue","timestamp":"{iso(at)}","sessionId":"{self.sid}"}}\n'
        )
        said = f'"message":{{"role":"user","content":[{{"type":"text","text":"{self.text(size)}"}}]}}'
        self._record(at, f'"promptId":"{self.uuid()}",{said},"permissionMode":"default"', "user")
        if self.version == MODERN:
            for kind in ("environment", "skill_listing", "session_context"):
                body = f'"attachment":{{"type":"{kind}","content":"{self.text(60)}"}},"renderedRole":"system"'
                self._record(at, body, "attachment")

    def request(self, at: int, model: str) -> None:
        if self.version == MODERN:
            params = f'{{"model":"{model}","betas":["claude-code-20250219"],"max_tokens":128000}}'
            self.add(
                f'{{"type":"api-request","sessionId":"{self.sid}","id":"{self.uuid()}","timestamp":"{iso(at)}",'
                f'"version":"{MODERN}","querySource":"sdk","shapeHash":"{self.token()}","params":{params},"keep":0,'
                f'"tail":["{self.token()}","{self.token()}"],"requestDigest":"{self.token()}"}}\n'
            )

    def tool_result(self, at: int, size: float, *, decoy: bool = False) -> None:
        result = f'{{"tool_use_id":"toolu_{self.token()}","type":"tool_result","content":"{self.text(size)}"}}'
        extra = ',"toolUseResult":{"status":"completed","totalTokens":999}' if decoy else ""
        if decoy:  # a finished subagent reports its own usage to its parent: already in the subagent's file
            extra = extra.replace("}", ',"usage":{"input_tokens":900,"output_tokens":99,"cache_read_input_tokens":9}}')
        self._record(at, f'"message":{{"role":"user","content":[{result}]}}{extra}', "user")

    def answer(
        self,
        at: int,
        message: Message,
        sizes: list[int],
        *,
        hour: int = 0,
        cut: bool = False,
        advice: Message | None = None,
    ) -> int:
        """A response in `len(sizes)` lines, 0.2 s apart from `at` on. Returns the time of the last.
        `hour` of the cache creation tokens are of the 1 h kind; `cut`: the user interrupted; `advice`: an advisor's.
        """
        old, id_, model = self.version == OLDEST, RELAY if self.relay else message.id, message.model
        request = "" if old else f'"requestId":"req_{self.token()}",'
        cache = (
            f'"input_tokens":{message.input},"cache_creation_input_tokens":{message.cache_creation},'
            f'"cache_read_input_tokens":{message.cache_read}'
        )
        split = (
            f'"cache_creation":{{"ephemeral_5m_input_tokens":{message.cache_creation - hour},'
            f'"ephemeral_1h_input_tokens":{hour}}}'
        )
        final = f'{cache},"output_tokens":{message.output},'
        if self.version == MODERN:
            final += f'"output_tokens_details":{{"thinking_tokens":{message.thinking}}},'
        asked = f'"iterations":[{self.iterations(message, advice)}],"speed":"standard"'
        final += ZERO if old else f'{ZERO},{split},"inference_geo":"not_available",{asked}'
        draft = f'{cache},{split},"output_tokens":3,"service_tier":"standard","inference_geo":"not_available"'
        drafts = len(sizes) if cut or (message.output == 3 and not old) else 0
        if self.version == STREAMING:
            drafts = drafts or len(sizes) - 1
        stop = "null" if cut else '"end_turn"' if sizes[-1] < 0 else '"tool_use"'
        first = at
        for index, size in enumerate(sizes):
            if index == drafts or not index:
                first = at
            if index == 0 and len(sizes) > 1:
                block = f'{{"type":"thinking","thinking":"{self.text(size)}","signature":"{self.token()}"}}'
            elif size < 0:
                block = f'{{"type":"text","text":"{self.text(-size)}"}}'
            else:
                tool = f'"id":"toolu_{self.token()}","name":"Bash","input":{{"command":"{self.text(size)}"}}'
                block = f'{{"type":"tool_use",{tool}}}'
            head = f'"message":{{"id":"{id_}","type":"message","role":"assistant","model":"{model}","content":[{block}]'
            usage = draft if index < drafts else final
            body = f'{head},"stop_reason":{stop},"stop_sequence":null,"usage":{{{usage}}}}}'
            if self.version == MODERN:
                body += f',"apiBlockIndex":{index},{request}"requestedModel":"{model}","effort":"medium"'
            else:
                body += ',"costUSD":0.0123' if old else f",{request[:-1]}"
            line = self._record(at, body, "assistant", usage=True)
            if not index:
                self.said.append(Said(message, line))
            at += 200
        self.messages += [said._replace(at=first) for said in (message, advice) if said]
        return at - 200

    @staticmethod
    def iterations(message: Message, advice: Message | None) -> str:
        """The message's own, which is in the counts beside it, and the advisor's, which is not."""
        if advice is None:
            return ""
        parts = [("message", message), ("advisor_message", advice)]
        return ",".join(
            f'{{"type":"{kind}","model":"{said.model}","input_tokens":{said.input},"output_tokens":{said.output},'
            f'"cache_read_input_tokens":{said.cache_read},"cache_creation_input_tokens":{said.cache_creation}}}'
            for kind, said in parts
        )

    def replay(self, said: Said, *, grow: int) -> None:
        """A subagent's file repeats a response of the main chain: same id and instant, another request, sidechain."""
        line = said.line.replace('"isSidechain":false', f'"isSidechain":true,{self.agent[:-1]}', 1)
        head, _, rest = line.partition('"requestId":"')
        read = f'"cache_read_input_tokens":{said.message.cache_read}'
        head = head.replace(read, f'"cache_read_input_tokens":{said.message.cache_read + grow}')
        self.add(f'{head}"requestId":"req_{self.token()}{rest[rest.index(chr(34)) :]}')
        self.usage_lines += 1
        self.usage_bytes += len(self.lines[-1])

    def api_error(self, at: int) -> None:
        """`<synthetic>`: no tokens. Kept in the same hour as the answer before it, so that no reader's block moves."""
        usage = f'"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,{ZERO}'
        self._record(
            min(at, self.last - self.last % HOUR + HOUR - 1),
            f'"message":{{"id":"{self.uuid()}","model":"<synthetic>","role":"assistant","type":"message",'
            f'"usage":{{{usage},"speed":null}},"content":[{{"type":"text","text":"API Error: 529"}}]}},'
            f'"requestId":"req_{self.token()}","error":"unknown","isApiErrorMessage":true,"apiErrorStatus":529',
            "assistant",
            usage=True,
        )

    def pause(self) -> None:
        """The end of a turn."""
        self.add(f'{{"type":"last-prompt","lastPrompt":"{self.text(60)}","leafUuid":"x","sessionId":"{self.sid}"}}\n')

    def cost_state(self) -> None:
        total = sum(m.input for m in self.messages)
        self.add(
            f'{{"type":"cost-state","sessionId":"{self.sid}","totalCostUSD":1.5,"modelUsage":{{"{self.messages[-1].model}"'
            f':{{"inputTokens":{total},"outputTokens":{total},"cacheReadInputTokens":{total}}}}}}}\n'
        )

    def junk(self) -> None:
        """What a crash, a full disk or an editor leaves behind."""
        self.lines += [
            "not json at all\n",
            "\n",
            "   \n",
            "\0" * 512 + "\n",
            "\udcff\udcfe\udc80\udcc0\n",
            '{"type":\n',
        ]
        self.lines += ['{"type":"assistant","message":{"usage":{"input_tok\n', "[1,2,3]\n", '"text"\n']

    def torn(self, at: int, message: Message) -> None:
        """The last line, half written."""
        self.answer(at, message, [-200])
        self.messages.pop()
        self.said.pop()
        line = self.lines.pop()
        self.usage_lines -= 1
        self.usage_bytes -= len(line)
        self.lines.append(line[: line.index('"output_tokens"') + 18])
