"""The GraphQL edge: HTTP, server-sent events, multipart and WebSocket in front of the schema."""
