"""Containers as they come, change and go, with a public GraphQL library.

    pip install -r requirements.txt
    python subscriber.py

Scope: docker:containers:read.
"""

import asyncio
import os
from urllib.parse import urlsplit, urlunsplit

from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

EVENTS = gql(
    """
    subscription Events {
      containerEvents {
        kind
        serverId
        containers { name state status }
        removedIds
      }
    }
    """
)


def address(url: str) -> str:
    """https://host becomes wss://host/graphql."""
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, "/graphql", "", ""))


async def main() -> None:
    transport = WebsocketsTransport(
        url=address(os.environ["SERVERKIT_URL"]),
        subprotocols=["graphql-transport-ws"],
        init_payload={"authorization": f"Bearer {os.environ['SERVERKIT_TOKEN']}"},
    )
    async with Client(transport=transport) as session:
        async for result in session.subscribe(EVENTS):
            event = result["containerEvents"]
            for container in event["containers"]:
                print(event["kind"], container["name"], container["state"], flush=True)
            for gone in event["removedIds"]:
                print("REMOVED", gone[:12], flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
