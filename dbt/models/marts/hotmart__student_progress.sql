{{ config(enabled=var('hotmart_using_members_area')) }}
with as_of as (
    select {{ hotmart.as_of(ref('stg_hotmart__students')) }} as moment
),

students as (
    select
        students.*,
        as_of.moment as as_of,
        {{ hotmart.local_date('last_visit_at') }} as last_visit_on,
        {{ hotmart.local_date('coalesce(last_visit_at, purchased_at)') }} as last_sign_on,
        {{ hotmart.local_date('as_of.moment') }} as today_on
    from {{ ref('stg_hotmart__students') }} as students
    cross join as_of
),

measured as (
    select
        *,
        role in ('STUDENT', 'FREE_STUDENT') and status = 'ACTIVE' as is_learning,
        items > 0 and completed_items >= items as has_finished,
        {{ dbt.datediff('last_visit_on', 'today_on', 'day') }} as days_since_last_visit,
        {{ dbt.datediff('last_sign_on', 'today_on', 'day') }} as days_since_last_sign
    from students
)

select
    members_area,
    student_id,
    student_name,
    student_email,
    role,
    status,
    student_type,
    engagement,
    class_id,
    purchased_at,
    first_visit_at,
    last_visit_at,
    last_visit_on,
    visits,
    items,
    completed_items,
    completed_percent,
    has_finished,
    first_visit_at is null as has_never_visited,
    days_since_last_visit,
    is_learning
        and not coalesce(has_finished, false)
        and coalesce(days_since_last_sign >= {{ var('hotmart_stalled_after_days') }}, false) as is_stalled,
    as_of
from measured
