-- +goose Up
-- The filters and columns of a list under a name, for one person or for everybody who may see the list.
CREATE TABLE saved_views (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list       text        NOT NULL CHECK (list IN ('batches','payouts','failures','commissions','distributors','orders','webhooks','requests')),
    name       text        NOT NULL CHECK (name <> '' AND length(name) <= 60),
    query      text        NOT NULL CHECK (query <> '' AND length(query) <= 2000), -- as in the address; relative dates stay words
    owner_id   bigint      NOT NULL REFERENCES staff,
    shared     boolean     NOT NULL DEFAULT false,
    version    integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id, list)
);
CREATE UNIQUE INDEX saved_views_name ON saved_views (owner_id, list, lower(name));
CREATE INDEX saved_views_shared ON saved_views (list) WHERE shared;

-- What a list opens with when its address has no filter: one view a person and list.
CREATE TABLE default_views (
    staff_id bigint NOT NULL REFERENCES staff,
    list     text   NOT NULL,
    view_id  bigint NOT NULL,
    PRIMARY KEY (staff_id, list),
    FOREIGN KEY (view_id, list) REFERENCES saved_views (id, list) ON DELETE CASCADE
);
CREATE INDEX default_views_view ON default_views (view_id, list);

-- +goose Down
DROP TABLE default_views, saved_views;
