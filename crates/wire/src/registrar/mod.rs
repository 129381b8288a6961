//! What the registrar of a host and its clients say to each other, bytes only.
