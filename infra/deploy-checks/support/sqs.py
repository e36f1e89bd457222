"""The stack's queue between RAW and refine, and its dead letters, in moto's SQS; and Lambda's poller of it."""

import contextlib
import threading

from support.bodies import attribute

ARN = "arn:aws:sqs:sa-east-1:123456789012:refine"


class Queue:
    """Its settings are those of the template; `visibility` shortens the time that a message which was handed out stays hidden."""

    def __init__(self, client, stack, visibility=None):
        self.client, self.lock = client, threading.Lock()
        queues = stack.of_type("AWS::SQS::Queue")
        urls = {}
        # A queue names its dead letters, so those come first.
        for name in sorted(queues, key=lambda name: "RedrivePolicy" in queues[name]):
            settings = {key: attribute(value) for key, value in queues[name].items() if key != "QueueName"}
            settings.pop("ReceiveMessageWaitTimeSeconds", None)  # so that asking an empty queue does not take long
            if visibility is not None and "RedrivePolicy" in settings:
                settings["VisibilityTimeout"] = str(visibility)
            urls[name] = client.create_queue(QueueName=queues[name]["QueueName"], Attributes=settings)["QueueUrl"]
        self.url, self.dead_url = urls["RefineQueue"], urls["RefineDeadLetters"]
        self.receives_max = queues["RefineQueue"]["RedrivePolicy"]["maxReceiveCount"]

    def send(self, body, delay=0):
        self.client.send_message(QueueUrl=self.url, MessageBody=body, DelaySeconds=delay)

    def batch(self, size):
        """Messages as Lambda's poller hands them on."""
        wanted = {"MaxNumberOfMessages": size, "AttributeNames": ["All"]}
        with self.lock:  # moto fails where two receive at once
            received = self.client.receive_message(QueueUrl=self.url, **wanted).get("Messages", [])
        return [
            {
                "messageId": one["MessageId"],
                "receiptHandle": one["ReceiptHandle"],
                "body": one["Body"],
                "attributes": one["Attributes"],
                "messageAttributes": {},
                "md5OfBody": one["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": ARN,
                "awsRegion": "sa-east-1",
            }
            for one in received
        ]

    def settle(self, records, answer):
        """Deletes what is done; the ids of what is not, which comes back after the visibility timeout."""
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                # Too late, it may have been handed out again and be done or dead already.
                with contextlib.suppress(self.client.exceptions.ReceiptHandleIsInvalid):
                    self.client.delete_message(QueueUrl=self.url, ReceiptHandle=record["receiptHandle"])
        return failed

    def left(self):
        """Messages that are neither done nor dead, hidden and delayed ones too."""
        return self.count(self.url)

    def dead(self):
        return self.count(self.dead_url)

    def count(self, url):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        counts = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in counts.values())

    def redrive(self):
        """Sends the dead letters once more, as SQS's message move task does; how many. moto does not know that task."""
        moved = 0
        while letters := self.client.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10).get("Messages", []):
            for letter in letters:
                self.send(letter["Body"])
                self.client.delete_message(QueueUrl=self.dead_url, ReceiptHandle=letter["ReceiptHandle"])
                moved += 1
        return moved
