{# Without a warehouse nobody knows whether a model was built before, so a variable says so. #}
{% macro is_incremental() %}
    {{- return(model.config.materialized == 'incremental' and var('shop_has_run_before')) -}}
{% endmacro %}
