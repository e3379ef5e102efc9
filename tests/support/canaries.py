"""Records of every other kind that a session log holds, each with a word wherever somebody's own words may stand.

Shapes are those of Claude Code 2.1.332 where it is known to write them; the rest is what it may write one day.
"""

import base64
from collections.abc import Iterator
from typing import Any

from tests.support.lines import answer, iso, line, prompt

SESSION = "5f0c3a4e-0000-4000-a000-00000000beef"


def canaries(word: str, at: float) -> bytes:
    """A session log. All ids have the word but those that the API draws: by these the index knows a response again."""
    return b"".join([line(record) for record in _records(word, at)] + _broken(word, at))


def _records(word: str, at: float) -> Iterator[dict[str, Any]]:
    path, url = f"/home/{word}/{word}.py", f"https://user:{word}@{word}.example/{word}?q={word}#{word}"
    told: dict[str, Any] = {
        "cwd": f"/home/{word}", "gitBranch": f"feature/{word}", "slug": f"calm-{word}", "sessionId": SESSION,
        "teamName": word, "agentName": word, "hostname": f"{word}.lan", "gitRemote": f"git@{word}.example:{word}",
        "userEmail": f"{word}@{word}.example", "timestamp": iso(at), "version": "2.1.332", "attributionAgent": word,
    }  # fmt: skip
    says = (
        f"<command-name>/{word}</command-name><command-args>{word}</command-args>",
        f"<local-command-stdout>{word}</local-command-stdout>", f"# {word}", f"!{word}", f"@{path} {url} {word}",
        f"<user-prompt-submit-hook>{word}</user-prompt-submit-hook>", f"[Image #1] {word}", f"/{word}:{word} {word}",
        f"thank you {word}, dude chill",
    )  # fmt: skip
    for number, text in enumerate(says):
        yield told | prompt(at + number, text, promptSource="user", imagePasteIds=[word], permissionMode=word)
    picture = {"type": "image", "source": {"type": "base64", "data": base64.b64encode(word.encode()).decode()}}
    pasted = [picture, {"type": "document", "title": word, "source": {"type": "url", "url": url}}]
    yield told | prompt(at, message={"role": "user", "content": [*pasted, {"type": "text", "text": word}]})
    calls: dict[str, dict[str, Any]] = {
        f"mcp__{word}__{word}": {word: word}, f"{word}Tool": {"a": word}, "Skill": {"skill": word, "args": word},
        "TodoWrite": {"todos": [{"content": word, "activeForm": word, "status": "pending"}]},
        "ExitPlanMode": {"plan": word}, "WebFetch": {"url": url, "prompt": word}, "WebSearch": {"query": word},
        "NotebookEdit": {"notebook_path": path, "new_source": word}, "Glob": {"pattern": f"**/{word}*", "path": path},
        "Agent": {"subagent_type": word, "description": word, "prompt": word}, "SlashCommand": {"command": f"/{word}"},
        "AskUserQuestion": {"questions": [{"question": word, "options": [{"label": word}]}]},
        "Bash": {"command": f"# {word}\ncd {path} && {word}=1 ssh {word} '{word}' | tee {path}", "description": word},
        "Read": {"file_path": path}, "Write": {"file_path": path, "content": word},
    }  # fmt: skip
    blocks: list[dict[str, Any]] = [
        {"type": "tool_use", "id": f"toolu_{word}_{number}", "name": name, "input": given, "caller": {"type": word}}
        for number, (name, given) in enumerate(calls.items())
    ]
    blocks += [
        {"type": "server_tool_use", "id": f"srvtoolu_{word}", "name": "web_search", "input": {"query": word}},
        {"type": "web_search_tool_result", "content": [{"title": word, "url": url, "encrypted_content": word}]},
        {"type": "thinking", "thinking": word, "signature": word}, {"type": "redacted_thinking", "data": word},
        {"type": word, word: word}, {"type": "text", "text": f"{word} \u2014 {url}", "citations": [{"url": url}]},
    ]  # fmt: skip
    for number, block in enumerate(blocks):
        yield told | answer(
            at + 30 + number, sessionId=SESSION, uuid=f"{word}-{number}", message__content=[block],
            message__stop_reason=word, message__container={"id": word}, message__usage__service_tier=word,
        )  # fmt: skip
    results = (
        {"stdout": word, "stderr": f"fatal: {path}: {url}", "persistedOutputPath": path},
        {"oldTodos": [{"content": word}], "newTodos": [{"content": word}]}, {"plan": word, "filePath": path},
        {"file": {"filePath": path, "content": word}}, {"url": url, "result": word, "code": 200}, f"Error: {word}",
        {"filePath": path, "structuredPatch": [{"lines": [f"+{word}"]}], "originalFile": word}, [{"text": url}],
        {"agentId": word, "content": word, "usage": {"input_tokens": 5, "output_tokens": 5}}, {"answers": {word: word}},
    )  # fmt: skip
    for number, result in enumerate(results):
        part = {"type": "tool_result", "tool_use_id": f"toolu_{word}_{number}", "content": f"{word} {url}"}
        message = {"role": "user", "content": [part]}
        denied = {"toolDenialKind": word, "permissionDecision": {"decision": "reject", "reason": word}}
        yield told | prompt(at + 60 + number, message=message, toolUseResult=result, **(denied if number % 2 else {}))
    attachments = (
        "file", "directory", "image", "pdf_reference", "hook_success", "hook_blocking_error", "hook_additional_context",
        "async_hook_response", "queued_command", "plan_mode", "plan_file_reference", "todo_reminder", "task_status",
        "mcp_resource", "nested_memory", "skill_listing", "invoked_skills", "output_style", "opened_file_in_ide",
        "selected_lines_in_ide", "edited_text_file", "diagnostics", "critical_system_reminder", word,
    )  # fmt: skip
    for kind in attachments:
        body: dict[str, Any] = {"type": kind, "filename": path}
        body |= dict.fromkeys(("content", "hookName", "command", "stdout", "snippet", "prompt"), word)
        yield told | {"type": "attachment", "attachment": body, "uuid": f"{word}{kind}"}
    others: dict[str, dict[str, Any]] = {
        "summary": {"summary": word, "leafUuid": word}, "custom-title": {"customTitle": word},
        "ai-title": {"aiTitle": word}, "agent-name": {"agentName": word}, "last-prompt": {"lastPrompt": word},
        "tag": {"tag": word}, "mode": {"mode": word}, "pr-link": {"prUrl": url, "prRepository": f"{word}/{word}"},
        "session-owner": {"accountUuid": word, "organizationUuid": word}, "worktree-state": {"worktreePath": path},
        "queue-operation": {"operation": "enqueue", "content": word}, "tools-used": {"tools": [word, f"mcp__{word}__"]},
        "progress": {"data": {"type": "hook_progress", "command": word, "hookName": word}, "toolUseID": word},
        "file-history-snapshot": {
            "messageId": word, "snapshot": {"trackedFileBackups": {path: word}, "timestamp": iso(at)},
        },
        "cost-state": {
            "totalCostUSD": 1.5, "modelUsage": {f"claude-opus-{word}": {"inputTokens": 5, "costUSD": 1.5}},
            "startTime": 5.0, "title": word,
        },
        word: {word: word},
    }  # fmt: skip
    for kind, body in others.items():
        yield told | {"type": kind} | body
    subtypes = ("local_command", "stop_hook_summary", "api_error", "compact_boundary", "turn_duration", "informational")
    for subtype in (*subtypes, word):
        output = f"<local-command-stdout>{word}</local-command-stdout>"
        body = {"content": output, "hookInfos": [{"command": word}], "error": word}
        yield told | {"type": "system", "subtype": subtype, "uuid": word, "cause": {"path": path, "url": url}} | body
    yield told | answer(
        at, isApiErrorMessage=True, message__model="<synthetic>", message__content=[{"type": "text", "text": word}]
    )
    yield told | prompt(at, word, isCompactSummary=True)


def _broken(word: str, at: float) -> list[bytes]:
    """Lines that are refused, or cut: what is said of them must not cite them."""
    whole = line(answer(at, cwd=f"/home/{word}", message__content=[{"type": "text", "text": word}]))
    return [
        whole[:-40] + b"\n", word.encode() + b"\n", b'{"type":"assistant","' + word.encode() + b'":' + b"\xff\n",
        line(answer(at, message__usage__input_tokens=-1, requestId=word)), line(answer(at, timestamp=word)),
        line(answer(at, message__usage__input_tokens=word)), line(answer(at, message__usage=word, sessionId=word)),
        line({"type": "cost-state", "sessionId": word, "totalCostUSD": word}),
        b'{"type":"user","message":{"content":"' + word.encode() * 9 + b"\n",
    ]  # fmt: skip
