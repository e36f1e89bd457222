-- Sentiment per day: how many tweets of each sentiment, and their share of the day.
-- Scans: the partitions of the days in `parametros`, three columns, and two more for edits.
WITH parametros AS (
    SELECT
        CAST(date_format(current_date - INTERVAL '29' DAY, '%Y%m%d') AS integer) AS desde, -- first day (UTC); or a number such as 20261101
        CAST(date_format(current_date, '%Y%m%d') AS integer) AS ate -- last day
)
SELECT
    CAST(criado_em AS date) AS dia_utc,
    sentimento,
    count(*) AS tweets,
    round(100 * CAST(count(*) AS double) / sum(count(*)) OVER (PARTITION BY CAST(criado_em AS date)), 1) AS por_cento
FROM tweets_atuais
CROSS JOIN parametros
WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate
GROUP BY CAST(criado_em AS date), sentimento
ORDER BY dia_utc DESC, sentimento
