"""A backend in Python with BullMQ's Python port (pip install bullmq).

REDIS_URL=redis://localhost EMAIL_FLOW=Service SMTP_SERVER="Service SMTP" python examples/consumer.py
"""
import asyncio
import hashlib
import os
import signal
import unicodedata

from bullmq import Queue, Worker

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379")
PREFIX = "{mailroom}"


def queue_part(name: str) -> str:
    """BullMQ refuses ':' in queue names; it and the escape character are percent-encoded."""
    return unicodedata.normalize("NFC", name).replace("%", "%25").replace(":", "%3A")


def email_flow_queue(email_flow: str) -> str:
    return "email-flow." + queue_part(email_flow)


def replies_queue(server: str) -> str:
    return "replies." + queue_part(server)


def reply_job_id(reply_id: str) -> str:
    return "r-" + hashlib.sha256(reply_id.encode()).hexdigest()[:32]


async def main() -> None:
    server = os.environ.get("SMTP_SERVER")
    options = {"connection": REDIS_URL, "prefix": PREFIX}
    replies = Queue(replies_queue(server), options) if server else None

    async def process(job, token):
        message = job.data
        if message["schema"] != "mailroom.message/1":
            raise ValueError("unknown contract " + str(message["schema"]))
        print(message["messageKey"], message["subject"], message.get("replyText", ""))
        if replies and message["automatic"]["mayAutoRespond"]:
            # Deterministic: a job that runs twice writes one reply.
            reply_id = "re-" + message["messageKey"]
            reply = {
                "schema": "mailroom.reply/1",
                "replyId": reply_id,
                "answers": {
                    "messageKey": message["messageKey"],
                    "references": message["threading"]["references"],
                    "mailbox": message["mailbox"],
                    "subject": message["subject"],
                },
                "conversationId": message["conversation"]["id"],
                "to": message["replyTo"] or message["from"],
                "subject": "Re: " + message["subject"],
                "text": "Thank you, we have received your message.",
                "automatic": True,
            }
            if "messageId" in message["threading"]:
                reply["answers"]["messageId"] = message["threading"]["messageId"]
            await replies.add(
                "reply",
                reply,
                {
                    "jobId": reply_job_id(reply_id),
                    "priority": 110,  # high 1, normal 10, low 20; automatic ones 100 more
                    "removeOnComplete": {"age": 864_000},
                    "removeOnFail": {"age": 864_000},
                },
            )

    worker = Worker(email_flow_queue(os.environ.get("EMAIL_FLOW", "Service")), process, options)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await worker.close()
    if replies:
        await replies.close()


if __name__ == "__main__":
    asyncio.run(main())
