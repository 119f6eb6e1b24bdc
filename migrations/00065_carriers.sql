-- +goose Up
-- The carriers whose events are understood, and what their codes mean in our words. Orders and parcels name a carrier by its
-- name, which therefore never changes.
CREATE TABLE carriers (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text        NOT NULL UNIQUE CHECK (name <> ''),
    slug          text        NOT NULL UNIQUE CHECK (slug <> ''),
    codes_version integer     NOT NULL DEFAULT 1,
    codes_applied integer     NOT NULL DEFAULT 1, -- the version by which all stored events are read; another one while that is being done
    created_at    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO carriers (name, slug) VALUES ('Coordinadora', 'coordinadora'), ('Interrapidísimo', 'interrapidisimo'), ('Servientrega', 'servientrega');

CREATE TABLE carrier_codes (
    carrier_id bigint      NOT NULL REFERENCES carriers ON DELETE CASCADE,
    code       text        NOT NULL CHECK (code <> ''), -- in capitals, without accents; # stands for one digit
    means      text        NOT NULL CHECK (means IN ('guide_generated','picked_up','in_transit','out_for_delivery','redelivery','incident','refused','delivered',
        'cancelled','lost','returned_to_sender','remitted','ignored')),
    note       text        NOT NULL DEFAULT '',         -- what the carrier calls it, or where it is written down
    actor      text        NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (carrier_id, code)
);
INSERT INTO carrier_codes (carrier_id, code, means, note, actor)
SELECT c.id, x.code, x.means, x.note, 'migration' FROM carriers c JOIN (VALUES
    ('coordinadora', '6', 'delivered', 'ENTREGADA [K160]'),
    ('coordinadora', '8', 'returned_to_sender', 'Return [K160]'),
    ('coordinadora', '7##', 'incident', '700, 728: incidents [K160]'),
    ('coordinadora', '1', 'in_transit', 'In process [K160]'),
    ('coordinadora', '2', 'in_transit', 'In process [K160]'),
    ('coordinadora', '3', 'in_transit', 'In process [K160]'),
    ('coordinadora', '5', 'in_transit', 'In process [K160]'),
    ('interrapidisimo', '11', 'delivered', 'Entregado [K161]'),
    ('interrapidisimo', '10', 'returned_to_sender', 'Devuelto [K161]'),
    ('interrapidisimo', '7', 'incident', 'Novedad [K161]'),
    ('interrapidisimo', '1', 'in_transit', 'In process [K161]'),
    ('interrapidisimo', '2', 'in_transit', 'In process [K161]'),
    ('interrapidisimo', '3', 'in_transit', 'In process [K161]'),
    ('servientrega', 'ENTREGADO', 'delivered', 'estadoActual [K162]'),
    ('servientrega', 'ENTREGADO A REMITENTE', 'returned_to_sender', 'estadoActual [K162]'),
    ('servientrega', 'EN PROCESAMIENTO', 'in_transit', 'estadoActual [K162]'),
    ('servientrega', '1', 'guide_generated', 'IdProceso: guía generada [K162]'),
    ('servientrega', '6', 'in_transit', 'IdProceso: ingreso a centro logístico [K162]'),
    ('servientrega', '9', 'in_transit', 'IdProceso: en ruta [K162]'),
    ('servientrega', '12', 'in_transit', 'IdProceso: salió a ciudad destino [K162]'),
    ('servientrega', '25', 'in_transit', 'IdProceso: notificación de devolución, on its way back [K162]'),
    ('servientrega', 'REHUSADO', 'refused', 'Novedad [K162]'),
    ('servientrega', 'M/CIA NO SOLICITADA', 'refused', 'Novedad [K162]')
) x (slug, code, means, note) ON x.slug = c.slug;

-- An event keeps what the carrier said, so that it can be read again when the codes change.
ALTER TABLE tracking_events ADD COLUMN carrier_state text NOT NULL DEFAULT '';
CREATE INDEX tracking_events_unknown ON tracking_events (carrier) WHERE state = 'unknown';

-- A parcel of which nothing is understood yet is unknown. stage is its latest event more finely than state.
ALTER TABLE shipments DROP CONSTRAINT shipments_state_check;
ALTER TABLE shipments ADD CONSTRAINT shipments_state_check CHECK (state IN ('in_transit','delivered','returned_to_sender','incident','lost','cancelled','unknown')),
    ADD COLUMN stage text NOT NULL DEFAULT '',
    ADD COLUMN remitted_at timestamptz; -- the carrier's word that it handed the cash over
UPDATE shipments SET stage = state;

-- +goose Down
DELETE FROM shipments WHERE state IN ('lost','cancelled','unknown');
ALTER TABLE shipments DROP COLUMN remitted_at, DROP COLUMN stage, DROP CONSTRAINT shipments_state_check;
ALTER TABLE shipments ADD CONSTRAINT shipments_state_check CHECK (state IN ('in_transit','delivered','returned_to_sender','incident'));
DROP INDEX tracking_events_unknown;
ALTER TABLE tracking_events DROP COLUMN carrier_state;
DROP TABLE carrier_codes, carriers;
