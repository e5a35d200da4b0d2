-- A shop's orders: a table of somebody else's, whose changes Debezium reads from PostgreSQL's own log.
CREATE TABLE orders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    reference text NOT NULL UNIQUE,
    route text NOT NULL,
    promised_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO orders (reference, route, promised_at)
VALUES ('order-1', 'railway-square-to-market-hall', now() + interval '20 minutes');
