-- Table tweets with one row per tweet: of an edited tweet, which has a row for each version that was captured, the latest.
-- Costs: a look below every day of the table and into every file, whatever days are asked for, since a later version is looked up in all.
-- The saved queries look it up in their own days instead (`versoes`); do as they do where the view is too slow or too dear.
-- Scans: what is asked of it, and `id` and `id_original` of all days.
SELECT t.*
FROM tweets AS t
LEFT JOIN (
    SELECT id_original, max(id) AS id
    FROM tweets
    WHERE id <> id_original
    GROUP BY id_original
) AS edicoes ON edicoes.id_original = t.id_original
WHERE edicoes.id IS NULL OR edicoes.id = t.id
