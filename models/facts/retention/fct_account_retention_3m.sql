-- Grain: one row per month and account that had ARR three months before (the cohort method).
-- An account that merged in the meantime is counted under its survivor on both ends.
{{ account_retention(months=3) }}
