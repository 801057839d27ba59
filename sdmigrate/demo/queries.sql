-- The service desk's dashboards over tickets, comments and timesheets, for PostgreSQL.
-- Names are as preserved from the export. Hours and rates come from SQLite's REAL and are double precision:
-- ROUND(x, 2) wants numeric, so they are cast. "Now" is the newest ticket, since an export does not age.

-- name: executive: total tickets
SELECT count(*) AS tickets FROM tickets;

-- name: executive: open tickets
SELECT count(*) AS open_tickets FROM tickets WHERE "TKT-Closure Date" IS NULL;

-- name: executive: mean resolution time in days
SELECT round(avg(extract(epoch FROM "TKT-Actual Resolution Date" - "TKT-Created Time"))::numeric / 86400, 2)
       AS days
FROM tickets
WHERE "TKT-Actual Resolution Date" IS NOT NULL;

-- name: operations: by status with percentages
SELECT "TKT-Status" AS status, count(*) AS tickets,
       round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent
FROM tickets
GROUP BY "TKT-Status"
ORDER BY tickets DESC, status;

-- name: operations: by priority
SELECT "TKT-Priority" AS priority, count(*) AS tickets
FROM tickets
GROUP BY "TKT-Priority"
ORDER BY priority;

-- name: operations: created per day
SELECT "TKT-Created Time"::date AS day, count(*) AS tickets
FROM tickets
WHERE "TKT-Created Time" >= (SELECT max("TKT-Created Time") FROM tickets) - interval '30 days'
GROUP BY day
ORDER BY day;

-- name: operations: resolved per day
SELECT "TKT-Actual Resolution Date"::date AS day, count(*) AS tickets
FROM tickets
WHERE "TKT-Actual Resolution Date" >= (SELECT max("TKT-Created Time") FROM tickets) - interval '30 days'
GROUP BY day
ORDER BY day;

-- name: operations: resolution time by priority
SELECT "TKT-Priority" AS priority,
       round(avg(extract(epoch FROM "TKT-Actual Resolution Date" - "TKT-Created Time"))::numeric / 3600, 1)
       AS hours
FROM tickets
WHERE "TKT-Actual Resolution Date" IS NOT NULL
GROUP BY "TKT-Priority"
ORDER BY priority;

-- name: operations: SLA compliance by month
SELECT date_trunc('month', "TKT-Created Time")::date AS month,
       round(100.0 * count(*) FILTER (WHERE "TKT-SLA Met"::text IN ('Yes', 'yes', 'true'))
             / nullif(count(*), 0), 1) AS percent_met
FROM tickets
GROUP BY month
ORDER BY month;

-- name: team: resolved by agent
SELECT "TKT-Assigned To User" AS agent, count(*) AS resolved
FROM tickets
WHERE "TKT-Actual Resolution Date" IS NOT NULL
GROUP BY agent
ORDER BY resolved DESC, agent
LIMIT 25;

-- name: team: resolution time by agent with ten or more
SELECT "TKT-Assigned To User" AS agent, count(*) AS resolved,
       round(avg(extract(epoch FROM "TKT-Actual Resolution Date" - "TKT-Created Time"))::numeric / 3600, 1)
       AS hours
FROM tickets
WHERE "TKT-Actual Resolution Date" IS NOT NULL
GROUP BY agent
HAVING count(*) >= 10
ORDER BY hours, agent;

-- name: team: open workload
SELECT "TKT-Team" AS team, "TKT-Assigned To User" AS agent, count(*) AS open_tickets
FROM tickets
WHERE "TKT-Closure Date" IS NULL
GROUP BY team, agent
ORDER BY open_tickets DESC, team, agent
LIMIT 25;

-- name: team: hours by category and person
SELECT "TS-User Full Name" AS person, "TS-Category" AS category,
       round(sum("TS-Hours")::numeric, 2) AS hours
FROM timesheets
GROUP BY person, category
ORDER BY hours DESC NULLS LAST, person, category
LIMIT 50;

-- name: finance: billable value by client
SELECT "TS-Account Name" AS client, round(sum("TS-Hours" * "TS-Rate")::numeric, 2) AS value
FROM timesheets
WHERE "TS-Rate" > 0
GROUP BY client
ORDER BY value DESC NULLS LAST, client;

-- name: analytics: seven-day moving average of created tickets
SELECT day, tickets,
       round(avg(tickets) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW), 2) AS moving_average
FROM (SELECT "TKT-Created Time"::date AS day, count(*) AS tickets FROM tickets GROUP BY day) AS per_day
ORDER BY day;

-- name: analytics: resolution percentiles in hours
SELECT round((percentile_cont(0.50) WITHIN GROUP (ORDER BY hours))::numeric, 1) AS p50,
       round((percentile_cont(0.90) WITHIN GROUP (ORDER BY hours))::numeric, 1) AS p90,
       round((percentile_cont(0.95) WITHIN GROUP (ORDER BY hours))::numeric, 1) AS p95,
       round((percentile_cont(0.99) WITHIN GROUP (ORDER BY hours))::numeric, 1) AS p99
FROM (SELECT extract(epoch FROM "TKT-Actual Resolution Date" - "TKT-Created Time") / 3600 AS hours
      FROM tickets) AS resolved;

-- name: quality: comments per ticket and their length
SELECT "CT-TYPE" AS kind, count(*) AS comments, round(avg(length("CT-COMMENT")), 1) AS mean_length
FROM comments
GROUP BY "CT-TYPE"
ORDER BY kind;

-- name: quality: trend of comment length by month
SELECT date_trunc('month', "CT-DATEAMDTIME")::date AS month, count(*) AS comments,
       round(avg(length("CT-COMMENT")), 1) AS mean_length
FROM comments
WHERE "CT-TYPE" <> 'system'
GROUP BY month
ORDER BY month;

-- name: quality: shortest comments by people
SELECT c."CT-COMMENT-ID" AS comment, c."CT-USERIDNAME" AS author, length(c."CT-COMMENT") AS characters,
       t."TKT-Title" AS ticket
FROM comments AS c
JOIN tickets AS t ON t."TKT-Ticket ID" = c."CT-TKT-ID"
WHERE c."CT-TYPE" <> 'system'
ORDER BY characters, comment
LIMIT 20;

-- name: data health: completeness
SELECT round(100.0 * count("TKT-Title") / nullif(count(*), 0), 1) AS title,
       round(100.0 * count("TKT-Description") / nullif(count(*), 0), 1) AS description,
       round(100.0 * count("TKT-Actual Resolution Date") / nullif(count(*), 0), 1) AS resolution_date,
       round(100.0 * count("TKT-Solution") / nullif(count(*), 0), 1) AS solution
FROM tickets;

-- name: data health: coverage of tickets by comments
SELECT round(100.0 * count(*) FILTER (WHERE "TKT-Ticket ID" IN (SELECT "CT-TKT-ID" FROM comments))
             / nullif(count(*), 0), 1) AS percent_with_comments
FROM tickets;

-- name: data health: timesheets that name a ticket
SELECT round(100.0 * count(*) FILTER (WHERE "TS-Crm ID" IN (SELECT "TKT-Ticket ID"::text FROM tickets))
             / nullif(count(*), 0), 1) AS percent_with_ticket
FROM timesheets;

-- name: data health: freshness
SELECT (SELECT max("TKT-Created Time") FROM tickets) AS newest_ticket,
       (SELECT max("CT-DATEAMDTIME") FROM comments) AS newest_comment,
       (SELECT max("TS-Date") FROM timesheets) AS newest_timesheet;
