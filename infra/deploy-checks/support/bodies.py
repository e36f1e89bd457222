"""Sends the template's resources as calls of the AWS API to an emulator. botocore checks the shape of each call, this file also the
values of enums."""

import json

import boto3
from moto import mock_aws

from support.translated import REGION, Stack, template, translate


def calls(stack):
    """Yields (service, operation, arguments) for everything in the stack whose body boto3 can check."""
    for database in stack.of_type("AWS::Glue::Database").values():
        yield "glue", "create_database", database
    for table in stack.of_type("AWS::Glue::Table").values():
        yield "glue", "create_table", table
    for group in stack.of_type("AWS::Athena::WorkGroup").values():
        body = {"Name": group["Name"], "Description": group["Description"], "Configuration": group["WorkGroupConfiguration"]}
        yield "athena", "create_work_group", body
    for query in stack.of_type("AWS::Athena::NamedQuery").values():
        yield "athena", "create_named_query", query
    for secret in stack.of_type("AWS::SecretsManager::Secret").values():
        yield "secretsmanager", "create_secret", secret
    # A queue refers to its dead-letter queue, so dead-letter queues come first.
    queues = sorted(stack.of_type("AWS::SQS::Queue").values(), key=lambda queue: "RedrivePolicy" in queue)
    for queue in queues:
        attributes = {name: attribute(value) for name, value in queue.items() if name != "QueueName"}
        yield "sqs", "create_queue", {"QueueName": queue["QueueName"], "Attributes": attributes}
    for schedule in stack.of_type("AWS::Scheduler::Schedule").values():
        yield "scheduler", "create_schedule", schedule
    for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
        yield "cloudwatch", "put_metric_alarm", alarm
    for dashboard in stack.of_type("AWS::CloudWatch::Dashboard").values():
        yield "cloudwatch", "put_dashboard", {**dashboard, "DashboardBody": json.dumps(json.loads(dashboard["DashboardBody"]))}
    for group in stack.of_type("AWS::Logs::LogGroup").values():
        yield "logs", "create_log_group", {"logGroupName": group["LogGroupName"]}
    for bucket in stack.of_type("AWS::S3::Bucket").values():
        name = bucket["BucketName"]
        yield "s3", "create_bucket", {"Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": REGION}}
        yield "s3", "put_bucket_lifecycle_configuration", {"Bucket": name, "LifecycleConfiguration": lifecycle(bucket)}
        if "NotificationConfiguration" in bucket:
            yield "s3", "put_bucket_notification_configuration", {"Bucket": name, "NotificationConfiguration": notification(bucket)}
    for policy in stack.of_type("AWS::S3::BucketPolicy").values():
        yield "s3", "put_bucket_policy", {"Bucket": policy["Bucket"], "Policy": json.dumps(policy["PolicyDocument"])}


def attribute(value):
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def lifecycle(bucket):
    """Renames the two members of a rule that CloudFormation spells differently."""
    rules = []
    for rule in bucket["LifecycleConfiguration"]["Rules"]:
        rule = {"ID" if name == "Id" else name: value for name, value in rule.items()}
        rule["Filter"] = {"Prefix": rule.pop("Prefix", "")}
        expiration = {}
        if "ExpirationInDays" in rule:
            expiration["Days"] = int(rule.pop("ExpirationInDays"))
        if "ExpiredObjectDeleteMarker" in rule:
            expiration["ExpiredObjectDeleteMarker"] = rule.pop("ExpiredObjectDeleteMarker")
        if expiration:
            rule["Expiration"] = expiration
        for transition in rule.get("Transitions", []):
            transition["Days"] = int(transition.pop("TransitionInDays"))
        rules.append(rule)
    return {"Rules": rules}


def notification(bucket):
    queues = bucket["NotificationConfiguration"]["QueueConfigurations"]
    return {
        "QueueConfigurations": [
            {
                "QueueArn": queue["Queue"],
                "Events": [queue["Event"]],
                "Filter": {"Key": {"FilterRules": queue["Filter"]["S3Key"]["Rules"]}},
            }
            for queue in queues
        ]
    }


def odd_values(shape, value, where):
    """Yields invalid enum values; botocore checks only types."""
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from odd_values(shape.members[name], member, f"{where}.{name}")
    elif shape.type_name == "list":
        for place, member in enumerate(value):
            yield from odd_values(shape.member, member, f"{where}[{place}]")
    elif shape.type_name == "map":
        for name, member in value.items():
            yield from odd_values(shape.key, name, f"{where} key")
            yield from odd_values(shape.value, member, f"{where}[{name}]")
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where} is {value}, expected one of {shape.enum}"


def check(stack):
    done, findings = [], []
    with mock_aws():
        for service, operation, arguments in calls(stack):
            client = boto3.client(service, region_name=REGION)
            model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
            try:
                getattr(client, operation)(**arguments)
                findings += odd_values(model.input_shape, arguments, operation)
            except Exception as error:  # any exception is a finding
                findings.append(f"{operation}: {error}")
            done.append(operation)
    return done, findings


def main():
    translated = translate(template())
    findings = []
    for parameters in (
        {},
        {"RawColdAfterDays": 30, "RawRetentionDays": 365, "ScheduleState": "DISABLED", "SchedulePeriod": 1, "Prefix": "x" * 20},
    ):
        done, found = check(Stack(translated, **parameters))
        findings += found
        print(f"{len(done)} calls of {len(set(done))} operations with {parameters or 'the defaults'}")
    for finding in findings:
        print(f"  {finding}")
    raise SystemExit(1 if findings else 0)


if __name__ == "__main__":
    main()
