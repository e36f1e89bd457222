"""The stack's queue between RAW and refine and its dead-letter queue, in moto's SQS, with the actions of Lambda's poller."""

import contextlib
import threading

from support.bodies import attribute

ARN = "arn:aws:sqs:sa-east-1:123456789012:refine"


class Queue:
    """Has the settings of the template; `visibility` shortens the time for which a received message is hidden."""

    def __init__(self, client, stack, visibility=None):
        self.client, self.lock = client, threading.Lock()
        queues = stack.of_type("AWS::SQS::Queue")
        urls = {}
        # A queue refers to its dead-letter queue, so dead-letter queues come first.
        for name in sorted(queues, key=lambda name: "RedrivePolicy" in queues[name]):
            settings = {key: attribute(value) for key, value in queues[name].items() if key != "QueueName"}
            settings.pop("ReceiveMessageWaitTimeSeconds", None)  # otherwise receiving from an empty queue takes long
            if visibility is not None and "RedrivePolicy" in settings:
                settings["VisibilityTimeout"] = str(visibility)
            urls[name] = client.create_queue(QueueName=queues[name]["QueueName"], Attributes=settings)["QueueUrl"]
        self.url, self.dead_url = urls["RefineQueue"], urls["RefineDeadLetters"]
        self.receives_max = queues["RefineQueue"]["RedrivePolicy"]["maxReceiveCount"]

    def send(self, body, delay=0):
        self.client.send_message(QueueUrl=self.url, MessageBody=body, DelaySeconds=delay)

    def batch(self, size):
        """Returns messages as Lambda's poller delivers them."""
        wanted = {"MaxNumberOfMessages": size, "AttributeNames": ["All"]}
        with self.lock:  # moto fails if two threads receive at once
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
        """Deletes the processed messages. Returns the ids of the others, which are visible again after the visibility timeout."""
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                # After the timeout it may have been delivered again, and be processed or dead already.
                with contextlib.suppress(self.client.exceptions.ReceiptHandleIsInvalid):
                    self.client.delete_message(QueueUrl=self.url, ReceiptHandle=record["receiptHandle"])
        return failed

    def left(self):
        """Returns the number of messages that are neither processed nor dead, including hidden and delayed ones."""
        return self.count(self.url)

    def dead(self):
        return self.count(self.dead_url)

    def count(self, url):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        counts = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in counts.values())

    def redrive(self):
        """Moves the dead letters back, as SQS's message move task does, which moto lacks. Returns how many."""
        moved = 0
        while letters := self.client.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10).get("Messages", []):
            for letter in letters:
                self.send(letter["Body"])
                self.client.delete_message(QueueUrl=self.dead_url, ReceiptHandle=letter["ReceiptHandle"])
                moved += 1
        return moved
