//! Ids, coordinates, Kafka records, REST bodies, socket frames: the words of the protocol.
