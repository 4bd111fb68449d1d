-- Answers for a shop owner, as views over the synced tables. `make demo` creates them in its DuckDB file.
--
-- Amounts in different currencies are never added up. Months are those of São Paulo, as in Hotmart's dashboard. A sale
-- belongs to the month of its approval, or of its order while it has not been approved.

CREATE SCHEMA IF NOT EXISTS answers;

-- One row per commission: who earned how much from which sale, and as what.
CREATE OR REPLACE VIEW answers.commissions AS
SELECT
    transaction,
    entry->>'source' AS source,
    upper(entry->'user'->>'ucode') AS earner,
    (entry->'commission'->>'value')::DECIMAL(18, 2) AS amount,
    entry->'commission'->>'currency_code' AS currency
FROM (SELECT transaction, unnest(commissions::JSON[]) AS entry FROM main.sales_commissions) AS entries;

CREATE OR REPLACE VIEW answers.sales AS
SELECT
    sales_history.id AS transaction,
    order_date,
    date_trunc(
        'month', coalesce((purchase->>'approved_date')::TIMESTAMPTZ, order_date) AT TIME ZONE 'America/Sao_Paulo'
    )::DATE AS month,
    coalesce(sales_history.product->>'id', 'unknown') AS product_id,
    coalesce(products.name, sales_history.product->>'name') AS product,
    buyer->>'name' AS buyer,
    purchase->>'status' AS status,
    purchase->>'commission_as' AS my_role,
    (purchase->'price'->>'value')::DECIMAL(18, 2) AS price,
    purchase->'price'->>'currency_code' AS currency
FROM main.sales_history
LEFT JOIN main.products ON products.id = (sales_history.product->>'id');

-- Hotmart doesn't say which account it is. The account's owner earns from every sale in the account's role there, and
-- nobody else earns from as many sales.
CREATE OR REPLACE VIEW answers.account AS
SELECT earner
FROM answers.commissions
JOIN answers.sales USING (transaction)
WHERE source = my_role AND earner IS NOT NULL
GROUP BY earner
ORDER BY count(DISTINCT transaction) DESC, earner
LIMIT 1;

-- My commissions: those paid to the account's owner, whether as producer, co-producer or affiliate. A commission
-- without an earner counts if its source is the account's role in the sale.
CREATE OR REPLACE VIEW answers.my_commissions AS
SELECT transaction, commissions.currency, sum(amount) AS amount
FROM answers.commissions
JOIN answers.sales USING (transaction)
LEFT JOIN answers.account ON true
WHERE coalesce(commissions.earner = account.earner, source = my_role)
GROUP BY ALL;

-- Net revenue: my commissions of sales that are approved or complete now. Hotmart has already deducted its fee, taxes
-- and the commissions of others. A sale that is refunded later leaves its month.
CREATE OR REPLACE VIEW answers.net_revenue AS
SELECT month, my_commissions.currency, count(*) AS sales, sum(amount) AS net_revenue
FROM answers.sales
JOIN answers.my_commissions USING (transaction)
WHERE status IN ('APPROVED', 'COMPLETE')
GROUP BY ALL;

-- Refunds: sales that are refunded in whole, with the price that the buyer had paid, by the month of the sale. Hotmart
-- doesn't say when a sale was refunded, nor how much of a partially refunded one.
CREATE OR REPLACE VIEW answers.refunds AS
SELECT
    month, product_id, max_by(product, order_date) AS product, currency, count(*) AS refunds, sum(price) AS refunded
FROM answers.sales
WHERE status = 'REFUNDED'
GROUP BY month, product_id, currency;

-- Active: ACTIVE and DELAYED subscriptions. A late payment is tried again, and Hotmart counts the time as lasting.
-- OVERDUE and INACTIVE have lapsed, though without an end date. STARTED has not been paid yet.
CREATE OR REPLACE VIEW answers.active_subscriptions AS
SELECT count(*) FILTER (WHERE status IN ('ACTIVE', 'DELAYED')) AS active, count(*) AS subscriptions
FROM main.subscriptions;

-- New: subscriptions that began in the month, without those that were created more than a day before (reactivated) and
-- those that are STARTED. Cancelled: those that a customer, seller or admin ended in the month.
CREATE OR REPLACE VIEW answers.subscription_changes AS
WITH changes AS (
    SELECT accession_date AS happened_at, 1 AS new, 0 AS cancelled
    FROM main.subscriptions
    WHERE status <> 'STARTED' AND accession_date <= coalesce(request_date, accession_date) + INTERVAL 1 DAY
    UNION ALL
    SELECT end_accession_date, 0, 1
    FROM main.subscriptions
    WHERE status LIKE 'CANCELLED_BY_%' AND end_accession_date IS NOT NULL
)
SELECT
    date_trunc('month', happened_at AT TIME ZONE 'America/Sao_Paulo')::DATE AS month,
    sum(new) AS new,
    sum(cancelled) AS cancelled
FROM changes
GROUP BY ALL;

-- The month of the last sync, which is not over, and the two before.
CREATE OR REPLACE VIEW answers.recent_months AS
SELECT unnest(generate_series(latest - INTERVAL 2 MONTH, latest, INTERVAL 1 MONTH))::DATE AS month
FROM (
    SELECT date_trunc('month', max(synced_until) AT TIME ZONE 'America/Sao_Paulo') AS latest
    FROM main.sales_commissions
);
