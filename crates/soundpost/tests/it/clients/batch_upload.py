"""What the public batch-upload scripts and a workflow node do, with requests, against a server that runs.

    batch_upload.py ADDRESS NAME PASSWORD KEY RECORDING

Stops with a sentence where something is not as those clients expect it.
"""

import hashlib
import pathlib
import sys
import time

import requests

DONE, ERROR = 3, 2


def batch(address, recordings, **credentials):
    """Sends every recording by the simple form, and waits until all are done."""
    started = []
    for recording in recordings:
        with open(recording, "rb") as file:
            reply = requests.post(
                f"{address}/api/simple/productions.json",
                data={"title": recording.stem, "artist": "Ada", "tags": "talk, desk", "action": "start"},
                files={"input_file": file},
                timeout=60,
                **credentials,
            )
        body = reply.json()
        expect(reply.status_code == 200 and body["status_code"] == 200, "a form was refused", body)
        started.append(body["data"]["uuid"])
    return [finished(address, uuid, **credentials) for uuid in started]


def finished(address, uuid, **credentials):
    """Polls as the scripts do, and gives the details in the end."""
    for _ in range(600):
        body = requests.get(f"{address}/api/production/{uuid}/status.json", timeout=60, **credentials).json()
        status = body["data"]["status"]
        expect(status != ERROR, "a production did not work", body)
        if status == DONE:
            return requests.get(f"{address}/api/production/{uuid}.json", timeout=60, **credentials).json()["data"]
        time.sleep(0.1)
    sys.exit(f"{uuid} is not done after a minute: {body}")


def download(details, key):
    """Every file of a production by its address, with the key in the address as the scripts have it."""
    expect(details["output_files"], "nothing was made", details)
    for file in details["output_files"]:
        reply = requests.get(file["download_url"], params={"bearer_token": key}, timeout=60)
        expect(reply.status_code == 200, "a file cannot be had", file)
        expect(len(reply.content) == file["size"], "a file has another size", file)
        expect(hashlib.md5(reply.content).hexdigest() == file["checksum"], "a file has another checksum", file)
        nobody = requests.get(file["download_url"], timeout=60)
        expect(nobody.status_code == 401, "a stranger was given a file", nobody.text)


def workflow(address, recording, key):
    """A workflow node: lists presets, registers a webhook, makes a production with the preset, downloads the result."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    made = session.post(
        f"{address}/api/presets.json",
        json={"preset_name": "Show", "metadata": {"album": "The show"}, "output_files": [{"format": "opus"}]},
        timeout=60,
    ).json()["data"]
    presets = session.get(f"{address}/api/presets.json", timeout=60).json()["data"]
    expect([preset["uuid"] for preset in presets] == [made["uuid"]], "the preset is not listed", presets)
    hook, asked = "https://node.example/hook", f"{address}/api/preset/{made['uuid']}/webhook.json"
    expect(session.get(asked, timeout=60).json()["webhook"] is None, "there is a webhook already", asked)
    expect(session.post(asked, json={"webhook": hook}, timeout=60).json()["webhook"] == [hook], "not registered", asked)
    expect(session.get(asked, timeout=60).json()["webhook"] == [hook], "forgotten", asked)
    expect(session.delete(asked, timeout=60).json()["webhook"] is None, "not taken away", asked)
    with open(recording, "rb") as file:
        form = {"preset": made["uuid"], "title": "By a node", "action": "start"}
        files = {"input_file": ("an upload.wav", file, "audio/wav")}
        reply = session.post(f"{address}/api/simple/productions.json", data=form, files=files, timeout=60)
    details = finished(address, reply.json()["data"]["uuid"], headers=dict(session.headers))
    expect(details["metadata"]["album"] == "The show", "the preset was not used", details["metadata"])
    expect([file["ending"] for file in details["output_files"]] == ["opus"], "other files were made", details)
    download(details, key)
    result = session.get(details["output_files"][0]["download_url"], timeout=60)
    expect(result.status_code == 200 and result.content[:4] == b"OggS", "a session gets no file", result.status_code)


def refusals(address, name, key):
    """What the scripts rely on when something is wrong."""
    user = f"{address}/api/user.json"
    wrong = requests.get(user, auth=(name, "wrong"), timeout=60)
    expect(wrong.status_code == 401 and wrong.json()["status_code"] == 401, "a wrong password is taken", wrong.text)
    # A key in an address ends in logs, so it is taken for files only.
    named = requests.get(user, params={"bearer_token": key}, timeout=60)
    expect(named.status_code == 401, "a key in the address of the API is taken", named.text)
    form = {"preset": "no such preset", "action": "start"}
    unknown = requests.post(f"{address}/api/simple/productions.json", data=form, auth=(name, key), timeout=60)
    expect(unknown.status_code == 400 and "preset" in unknown.json()["form_errors"], "no such preset", unknown.text)


def expect(fine, what, seen):
    if not fine:
        sys.exit(f"{what}: {seen}")


def main(address, name, password, key, recording):
    recording = pathlib.Path(recording)
    for details in batch(address, [recording, recording], auth=(name, password)):
        expect(details["metadata"]["tags"] == ["talk", "desk"], "the tags are others", details["metadata"])
        download(details, key)
    for credentials in ({"auth": (name, key)}, {"headers": {"Authorization": f"bearer {key}"}}):
        for details in batch(address, [recording], **credentials):
            download(details, key)
    workflow(address, recording, key)
    refusals(address, name, key)


if __name__ == "__main__":
    main(*sys.argv[1:])
