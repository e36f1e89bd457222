"""Finds wildcards, missing protections and the like in the translated templates: what the linters do not check."""

import json
import re

from support.translated import ACCOUNT, REGION, Stack, template, translate

# Actions without resource-level permissions: service authorization reference of X-Ray.
WITHOUT_RESOURCE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
REGION_LENGTH_MAX = len("us-isof-south-1")


def items(value):
    return value if isinstance(value, list) else [value]


def is_everything(resource):
    """Returns whether this is `*`, or an ARN of all resources of a kind, such as `arn:aws:sqs:sa-east-1:123456789012:*`."""
    return re.match(r"([a-z-]+[:/])?\*", resource.split(":", 5)[-1]) is not None


def documents(stack):
    """Yields every policy document with its location."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        yield f"{name} (trust policy)", role["AssumeRolePolicyDocument"]
        for policy in role["Policies"]:
            yield f"{name} {policy['PolicyName']}", policy["PolicyDocument"]
    for kind in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"):
        for name, policy in stack.of_type(kind).items():
            yield name, policy["PolicyDocument"]


def policies(stack):
    for where, document in documents(stack):
        sids = [statement.get("Sid") for statement in document["Statement"]]
        if None in sids or len(set(sids)) != len(sids):
            yield f"{where}: each statement needs a unique Sid, found {sids}"
        for statement in document["Statement"]:
            sid, actions = statement.get("Sid"), items(statement["Action"])
            if statement["Effect"] == "Deny":
                continue
            if {"NotAction", "NotResource", "NotPrincipal"} & statement.keys():
                yield f"{where} {sid}: allows everything except a list"
            if any("*" in action for action in actions):
                yield f"{where} {sid}: allows {actions}"
            if any(map(is_everything, items(statement.get("Resource", [])))) and not WITHOUT_RESOURCE.issuperset(actions):
                yield f"{where} {sid}: allows {actions} on everything"
            principal = statement.get("Principal", {})
            if principal == "*" or "*" in items(principal.get("AWS", [])):
                yield f"{where} {sid}: allows any principal"
    for name, role in stack.of_type("AWS::IAM::Role").items():
        if role.get("ManagedPolicyArns"):
            yield f"{name}: managed policies {role['ManagedPolicyArns']}"


def refused_without_tls(stack):
    """Yields the ARNs of everything whose policy denies plain HTTP for all principals and actions."""
    for kind, action in (("AWS::S3::BucketPolicy", "s3:*"), ("AWS::SQS::QueuePolicy", "sqs:*")):
        refusal = {"Effect": "Deny", "Principal": "*", "Action": action, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
        for policy in stack.of_type(kind).values():
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement.items() >= refusal.items():
                    yield from items(statement["Resource"])


def protections(stack):
    yield from policies(stack)
    buckets = stack.of_type("AWS::S3::Bucket")
    queues = stack.of_type("AWS::SQS::Queue")
    refused = set(refused_without_tls(stack))
    for name in [*buckets, *queues]:
        arn = stack.attribute(name, "Arn")
        if not {arn, *([f"{arn}/*"] if name in buckets else [])} <= refused:
            yield f"{name}: accepts requests without TLS"
    for name, bucket in buckets.items():
        wanted = {
            "BlockPublicAcls": bucket["PublicAccessBlockConfiguration"].get("BlockPublicAcls"),
            "BlockPublicPolicy": bucket["PublicAccessBlockConfiguration"].get("BlockPublicPolicy"),
            "IgnorePublicAcls": bucket["PublicAccessBlockConfiguration"].get("IgnorePublicAcls"),
            "RestrictPublicBuckets": bucket["PublicAccessBlockConfiguration"].get("RestrictPublicBuckets"),
            "versioned": bucket["VersioningConfiguration"]["Status"] == "Enabled",
            "encrypted": bool(bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]),
            "no ACLs": bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}],
            "old versions expire": any("NoncurrentVersionExpiration" in rule for rule in bucket["LifecycleConfiguration"]["Rules"]),
            "retained on deletion": stack.present[name].get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"),
            "retained on replacement": stack.present[name].get("UpdateReplacePolicy") == "Retain",
        }
        for what, there in wanted.items():
            if not there:
                yield f"{name}: not {what}"
        if len(stack.attribute(name, "Ref")) - len(REGION) + REGION_LENGTH_MAX > 63:
            yield f"{name}: its name may be longer than 63 characters"
    for name, queue in queues.items():
        if not queue.get("SqsManagedSseEnabled"):
            yield f"{name}: not encrypted"
    secrets = stack.of_type("AWS::SecretsManager::Secret")
    for name, secret in secrets.items():
        if {"SecretString", "GenerateSecretString"} & secret.keys():
            yield f"{name}: a deployment would reset its value"
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        if function["TracingConfig"]["Mode"] != "Active" or function["LoggingConfig"]["LogFormat"] != "JSON":
            yield f"{name}: no tracing, or logs that are not JSON"
        if "ReservedConcurrentExecutions" in function:
            yield f"{name}: reserves concurrency, which a new account cannot"
    for name, group in stack.of_type("AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in group:
            yield f"{name}: keeps its logs permanently"


def order(stack):
    """Checks an order that CloudFormation does not know: S3 sends a test message to the queue before it accepts a bucket's notification."""
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        for queue in bucket.get("NotificationConfiguration", {}).get("QueueConfigurations", []):
            policies = [
                policy
                for policy, properties in stack.of_type("AWS::SQS::QueuePolicy").items()
                if any(queue["Queue"] in items(statement["Resource"]) for statement in properties["PolicyDocument"]["Statement"])
            ]
            if not policies or not set(policies) <= set(items(stack.present[name].get("DependsOn", []))):
                yield f"{name}: its queue may not have a policy yet when the bucket is created"


def spans(stack):
    """Checks that an alarm looks back at most a day, or a week with periods of an hour or more, as CloudWatch requires."""
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        for looked_at in [alarm, *(metric["MetricStat"] for metric in alarm.get("Metrics", []) if "MetricStat" in metric)]:
            period = looked_at.get("Period", 60)
            if period % 60 or period * alarm["EvaluationPeriods"] > (604_800 if period >= 3600 else 86_400):
                yield f"{name}: {alarm['EvaluationPeriods']} periods of {period} seconds"


def dashboards(stack):
    """Checks that the alarm widget shows exactly the existing alarms; some depend on a parameter."""
    alarms = {f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{alarm['AlarmName']}" for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()}
    for name, dashboard in stack.of_type("AWS::CloudWatch::Dashboard").items():
        widgets = json.loads(dashboard["DashboardBody"])["widgets"]
        shown = {alarm for widget in widgets for alarm in widget["properties"].get("alarms", [])}
        for arn in alarms ^ shown:
            yield f"{name}: {arn} is {'not shown' if arn in alarms else 'not an alarm of the stack'}"


def longest(pattern):
    """Returns the longest prefix that the pattern accepts."""
    return max(("x" * length for length in range(1, 64) if re.fullmatch(pattern, "x" * length)), key=len)


def main():
    translated = translate(template())
    variants = {
        "defaults": {},
        "longest prefix": {"Prefix": longest(translated["Parameters"]["Prefix"]["AllowedPattern"])},
        "everything set": {
            "RawColdAfterDays": 30, "RawRetentionDays": 365, "AlarmEmail": "a@example.com", "Architecture": "arm64",
            "ScheduleState": "DISABLED", "SchedulePeriod": 1, "Expansions": "author_id", "MaxPostsPerMonth": 0,
        },
        "buckets of an earlier stack": {"DataBuckets": "existing"},
        **{f"every {minutes} minutes": {"SchedulePeriod": minutes} for minutes in translated["Mappings"]["Periods"]},
    }
    findings = []
    for variant, parameters in variants.items():
        stack = Stack(translated, **parameters)
        resources = list(stack.resources())  # every reference can be resolved
        stack.outputs()
        findings += [f"{variant}: {finding}" for finding in [*protections(stack), *order(stack), *spans(stack), *dashboards(stack)]]
        print(f"{variant}: {len(resources)} resources, {sum(1 for _ in documents(stack))} policy documents")
    for finding in findings:
        print(f"  {finding}")
    raise SystemExit(1 if findings else 0)


if __name__ == "__main__":
    main()
