"""Runs `sam deploy` for each stage up to the change set, and checks what it uploads and what it requests from CloudFormation. The first
deployment is guided, as in docs/deploy.md, with Enter for every answer; the next one reads the samconfig.toml that it wrote.

Runs against an emulated S3 and a CloudFormation that accepts every change set and creates nothing. The programs are stubs.
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
import zipfile
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import boto3
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from samcli.cli.types import CfnParameterOverridesType
from samcli.yamlhelper import yaml_parse
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from support.emulated_aws import Quiet
from support.translated import REGION, ROOT, nested, template

ARTIFACTS = "artifacts"
FUNCTIONS = ("ingest", "refine")
TEMPLATE_BYTES_MAX = 1_000_000  # the limit for a template in S3; in a request it is 51,200
# `sam deploy` finds its own bucket in this stack.
MANAGED = f"""<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
<StackName>aws-sam-cli-managed-default</StackName><StackStatus>CREATE_COMPLETE</StackStatus>
<Tags><member><Key>ManagedStackSource</Key><Value>AwsSamCli</Value></member></Tags>
<Outputs><member><OutputKey>SourceBucket</OutputKey><OutputValue>{ARTIFACTS}</OutputValue></member></Outputs>
</member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
NO_STACK = """<ErrorResponse><Error><Code>ValidationError</Code>
<Message>Stack with id {} does not exist</Message></Error></ErrorResponse>"""
CREATED = """<CreateChangeSetResponse><CreateChangeSetResult><Id>change-set</Id><StackId>stack</StackId>
</CreateChangeSetResult></CreateChangeSetResponse>"""
DESCRIBED = """<DescribeChangeSetResponse><DescribeChangeSetResult><Status>CREATE_COMPLETE</Status><Changes/>
</DescribeChangeSetResult></DescribeChangeSetResponse>"""


class CloudFormation:
    """Accepts change sets of new stacks."""

    def __init__(self):
        self.change_sets = []

    def answer(self, request):
        action, stack = request["Action"], request.get("StackName")
        if action == "CreateChangeSet":
            self.change_sets.append(request)
            return Response(CREATED, mimetype="text/xml")
        if action == "DescribeChangeSet":
            return Response(DESCRIBED, mimetype="text/xml")
        if action == "DescribeStacks" and stack == "aws-sam-cli-managed-default":
            return Response(MANAGED, mimetype="text/xml")
        return Response(NO_STACK.format(stack), status=400, mimetype="text/xml")


@contextlib.contextmanager
def running():
    cloudformation, s3 = CloudFormation(), DomainDispatcherApplication(create_backend_app)

    def route(environ, start_response):
        if "/cloudformation/" in environ.get("HTTP_AUTHORIZATION", ""):
            form = Request(environ).get_data(as_text=True)
            return cloudformation.answer(dict(parse_qsl(form, keep_blank_values=True)))(environ, start_response)
        return s3(environ, start_response)

    server = make_server("127.0.0.1", 0, route, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield cloudformation, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def numbered(request, name):
    """Returns the members of a list in a request."""
    members = {key: value for key, value in request.items() if key.startswith(f"{name}.member.")}
    return [members[key] for key in sorted(members)]


def values(request):
    """Returns the parameters of a change set."""
    keys = {key.removesuffix("Key"): name for key, name in request.items() if key.startswith("Parameters.") and key.endswith("Key")}
    return {name: request[f"{key}Value"] for key, name in keys.items()}


def lay_out(folder):
    """Creates the files that `sam deploy` uses: those of the repository, and those that `cargo lambda build` writes."""
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "infra/stacks", folder / "infra/stacks")
    for function in FUNCTIONS:
        bootstrap = folder / "target/lambda" / function / "bootstrap"
        bootstrap.parent.mkdir(parents=True)
        bootstrap.write_text(f"#!/bin/sh\n# {function}\n")
        bootstrap.chmod(0o755)


def deploy(folder, endpoint, *options, answers=""):
    endpoints = {f"AWS_ENDPOINT_URL_{service}": endpoint for service in ("S3", "CLOUDFORMATION", "STS")}
    command = [Path(sys.executable).parent / "sam", "deploy", *options]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **endpoints}, input=answers, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\n{done.stderr}")


def deploy_all(cloudformation, endpoint):
    """Yields each deployment with its expected overrides and its change set."""
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    stages.pop("version")
    stages = {name: commands["deploy"]["parameters"]["parameter_overrides"] for name, commands in stages.items()}
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        deploy(folder, endpoint, "--guided", answers="\n" * 100)
        yield "guided", stages["default"], cloudformation.change_sets.pop()
        for name, stage in stages.items():
            deploy(folder, endpoint, "--config-env", name, "--no-execute-changeset", "--no-confirm-changeset")
            yield name, stage, cloudformation.change_sets.pop()


def without_metadata(source):
    """Removes the metadata of all resources: SAM adds to it, which changes nothing in the stack."""
    resources = {name: {key: value for key, value in one.items() if key != "Metadata"} for name, one in source["Resources"].items()}
    return {**source, "Resources": resources}


def findings(stage, overrides, request, fetch):
    """Yields what is wrong with a change set and the files that it refers to."""
    capabilities = numbered(request, "Capabilities")
    if sorted(capabilities) != ["CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM"]:
        yield f"{stage}: acknowledges {capabilities}"
    defaults = {name: str(one["Default"]) for name, one in template()["Parameters"].items()}
    wanted = defaults | CfnParameterOverridesType().convert([overrides], None, None)
    for name, value in (defaults | values(request)).items() - wanted.items():
        yield f"{stage}: {name} would be {value}"
    body = fetch(request["TemplateURL"])
    if len(body) > TEMPLATE_BYTES_MAX:
        yield f"{stage}: the template has {len(body)} bytes"
    sent = yaml_parse(body.decode())
    for name, path in nested(template()).items():
        stack = fetch(sent["Resources"][name]["Properties"]["Location"])
        if without_metadata(yaml_parse(stack.decode())) != without_metadata(template(path)):
            yield f"{stage}: {name} is uploaded with other contents than {path}"
    for name, resource in sent["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            (member,) = zipfile.ZipFile(io.BytesIO(fetch(resource["Properties"]["CodeUri"]))).infolist()
            if member.filename != "bootstrap" or not member.external_attr >> 16 & 0o100:
                yield f"{stage}: {name} is uploaded as {member}"
            resource["Properties"]["CodeUri"] = template()["Resources"][name]["Properties"]["CodeUri"]
        if resource["Type"] == "AWS::Serverless::Application":
            resource["Properties"]["Location"] = nested(template())[name]
    if without_metadata(sent) != without_metadata(template()):
        yield f"{stage}: the template is uploaded with other contents than template.yaml"


def main():
    found = []
    with running() as (cloudformation, endpoint):
        s3 = boto3.client("s3", endpoint_url=endpoint, region_name=REGION)
        s3.create_bucket(Bucket=ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": REGION})

        def fetch(url):
            path = url.removeprefix(f"s3://{ARTIFACTS}/") if url.startswith("s3:") else urlsplit(url).path.removeprefix(f"/{ARTIFACTS}/")
            try:
                return s3.get_object(Bucket=ARTIFACTS, Key=path)["Body"].read()
            except ClientError as error:
                raise SystemExit(f"{url}: {error}") from error

        for stage, overrides, request in deploy_all(cloudformation, endpoint):
            found += findings(stage, overrides, request, fetch)
            acknowledged = ", ".join(numbered(request, "Capabilities"))
            print(f"{stage}: stack {request['StackName']}, {len(nested(template()))} nested stacks, {acknowledged}")
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=ARTIFACTS)["Contents"]]
    print(f"{len(keys)} objects uploaded")
    for finding in found:
        print(f"  {finding}")
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
