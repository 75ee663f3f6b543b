-- For people with psql: how the generations are doing that are there.
CREATE VIEW projections AS
SELECT g.projection, g.number AS generation, g.state, g.code_version, l.*, g.live_since, g.kept_until
FROM generations AS g
JOIN lag AS l ON l.follower = g.follower;

INSERT INTO migrations (number, name) VALUES (25, 'projections');
