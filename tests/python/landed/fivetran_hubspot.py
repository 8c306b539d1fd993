"""A small company as Fivetran lands it of HubSpot.

Types as that connector makes them: ids are numbers, but those of pipelines and stages text;
properties are columns named property_<name>; associations tables of two ids.
"""

from pathlib import Path

from tests.python.landed.landing import land

TABLES = {
    "company": "id bigint, is_deleted boolean, _fivetran_synced timestamptz, property_name varchar,"
    " property_domain varchar, property_industry varchar, property_country varchar,"
    " property_numberofemployees double, property_hs_parent_company_id bigint,"
    " property_hubspot_owner_id bigint, property_lifecyclestage varchar,"
    " property_createdate timestamptz, property_hs_lastmodifieddate timestamptz,"
    " property_csm bigint, property_tier varchar",
    "owner": "owner_id bigint, email varchar, first_name varchar, last_name varchar,"
    " _fivetran_synced timestamptz",
    "contact": "id bigint, property_email varchar, property_firstname varchar,"
    " property_lastname varchar, property_jobtitle varchar, property_hs_buying_role varchar,"
    " property_associatedcompanyid double, property_createdate timestamptz,"
    " property_lastmodifieddate timestamptz, _fivetran_deleted boolean,"
    " _fivetran_synced timestamptz",
    "contact_company": "contact_id bigint, company_id bigint, type_id bigint,"
    " _fivetran_synced timestamptz",
    "deal": "deal_id bigint, deal_pipeline_id varchar, deal_pipeline_stage_id varchar,"
    " property_dealname varchar, property_dealtype varchar, property_amount double,"
    " property_deal_currency_code varchar, property_createdate timestamptz,"
    " property_closedate timestamptz, is_deleted boolean, _fivetran_synced timestamptz",
    "deal_company": "deal_id bigint, company_id bigint, type_id bigint,"
    " _fivetran_synced timestamptz",
    "deal_pipeline": "pipeline_id varchar, label varchar, _fivetran_synced timestamptz",
    "deal_pipeline_stage": "stage_id varchar, pipeline_id varchar, label varchar,"
    " closed_won boolean, is_closed boolean, probability double, _fivetran_synced timestamptz",
    "engagement_meeting": "engagement_id bigint, property_hs_meeting_title varchar,"
    " property_hs_activity_type varchar, property_hs_meeting_outcome varchar,"
    " property_hs_meeting_start_time timestamptz, property_hs_timestamp timestamptz,"
    " property_hubspot_owner_id bigint, _fivetran_synced timestamptz",
    "engagement_company": "engagement_id bigint, company_id bigint, _fivetran_synced timestamptz",
    "engagement_contact": "engagement_id bigint, contact_id bigint, _fivetran_synced timestamptz",
    "ticket": "id bigint, is_deleted boolean, property_subject varchar,"
    " property_hs_pipeline_stage varchar, property_hs_ticket_priority varchar,"
    " property_hs_ticket_category varchar, property_source_type varchar,"
    " property_createdate timestamptz, property_closed_date timestamptz,"
    " property_first_agent_reply_date timestamptz, property_hs_lastmodifieddate timestamptz,"
    " _fivetran_synced timestamptz",
    "ticket_company": "ticket_id bigint, company_id bigint, _fivetran_synced timestamptz",
    "ticket_contact": "ticket_id bigint, contact_id bigint, _fivetran_synced timestamptz",
    "ticket_pipeline_stage": "stage_id varchar, label varchar, ticket_state varchar,"
    " is_closed boolean, _fivetran_synced timestamptz",
    "ticket_property_history": "ticket_id bigint, name varchar, value varchar,"
    " timestamp_instant timestamptz, source varchar, _fivetran_synced timestamptz",
}
CHANGED = "2025-05-01 10:00:00+00"
ROWS = {
    "company": [
        {
            "id": 101,
            "property_name": "Acme",
            "property_domain": "acme.example",
            "property_hubspot_owner_id": 9,
            "property_numberofemployees": 120.0,
            "property_createdate": "2024-01-05 08:00:00+00",
            "property_hs_lastmodifieddate": CHANGED,
            "property_csm": 8,
            "property_tier": "enterprise",
        },
        {
            "id": 102,
            "property_domain": "nameless.example",
            "property_hs_parent_company_id": 101,
            "property_createdate": "2024-02-05 08:00:00+00",
            "property_hs_lastmodifieddate": CHANGED,
        },
        {
            "id": 103,
            "property_name": "Gone",
            "is_deleted": True,
            "property_hs_lastmodifieddate": CHANGED,
        },
    ],
    "owner": [
        {"owner_id": 8, "first_name": "Cleo", "last_name": "Success", "email": "cleo@us.example"},
        {"owner_id": 9, "email": "sales@us.example"},
    ],
    "contact": [
        {
            "id": 201,
            "property_email": "ann@acme.example",
            "property_firstname": "Ann",
            "property_hs_buying_role": "CHAMPION;END_USER",
            "property_associatedcompanyid": 101.0,
        },
        {"id": 202, "property_email": "free@mail.example"},
        {
            "id": 203,
            "property_email": "old@acme.example",
            "property_associatedcompanyid": 101.0,
            "_fivetran_deleted": True,
        },
    ],
    "deal": [
        {
            "deal_id": 301,
            "deal_pipeline_id": "default",
            "deal_pipeline_stage_id": "closedwon",
            "property_dealtype": "newbusiness",
            "property_amount": 1200.5,
            "property_createdate": "2024-01-10 08:00:00+00",
            "property_closedate": "2024-02-01 23:30:00+00",
        },
        {
            "deal_id": 302,
            "deal_pipeline_id": "77",
            "deal_pipeline_stage_id": "771",
            "property_dealtype": "existingbusiness",
            "property_amount": 1300.0,
            "property_createdate": "2025-01-10 08:00:00+00",
        },
        {
            "deal_id": 303,
            "deal_pipeline_id": "default",
            "deal_pipeline_stage_id": "closedwon",
            "property_createdate": "2025-01-10 08:00:00+00",
        },
        {
            "deal_id": 304,
            "deal_pipeline_id": "default",
            "deal_pipeline_stage_id": "closedwon",
            "property_dealtype": "newbusiness",
            "is_deleted": True,
        },
    ],
    "deal_company": [
        {"deal_id": 301, "company_id": 100, "type_id": 341},
        {"deal_id": 301, "company_id": 101, "type_id": 5},
        {"deal_id": 302, "company_id": 101, "type_id": 5},
        {"deal_id": 303, "company_id": 102, "type_id": 5},
        {"deal_id": 304, "company_id": 102, "type_id": 5},
    ],
    "deal_pipeline": [
        {"pipeline_id": "default", "label": "Sales"},
        {"pipeline_id": "77", "label": "Renewals"},
    ],
    "deal_pipeline_stage": [
        {
            "stage_id": "closedwon",
            "pipeline_id": "default",
            "label": "Closed won",
            "closed_won": True,
            "is_closed": True,
            "probability": 1.0,
        },
        {"stage_id": "771", "pipeline_id": "77", "label": "In talks", "probability": 0.5},
    ],
    "engagement_meeting": [
        {
            "engagement_id": 401,
            "property_hs_activity_type": "Q2 QBR",
            "property_hs_meeting_title": "QBR",
            "property_hs_meeting_start_time": "2025-04-10 14:00:00+00",
            "property_hubspot_owner_id": 8,
        },
        {"engagement_id": 402, "property_hs_timestamp": "2025-04-11 14:00:00+00"},
    ],
    "engagement_company": [
        {"engagement_id": 401, "company_id": 101},
        {"engagement_id": 402, "company_id": 102},
    ],
    "ticket": [
        {
            "id": 501,
            "property_hs_pipeline_stage": "2",
            "property_hs_ticket_priority": "MEDIUM",
            "property_createdate": "2025-06-01 09:00:00+00",
            "property_hs_lastmodifieddate": "2025-06-03 09:00:00+00",
        },
        {
            "id": 502,
            "property_hs_pipeline_stage": "900",
            "property_createdate": "2025-06-02 09:00:00+00",
            "property_closed_date": "2025-06-03 09:00:00+00",
            "property_hs_lastmodifieddate": "2025-06-03 09:00:00+00",
        },
        {
            "id": 503,
            "property_hs_pipeline_stage": "901",
            "property_createdate": "2025-06-02 09:00:00+00",
            "property_hs_lastmodifieddate": "2025-06-03 09:00:00+00",
        },
    ],
    "ticket_company": [
        {"ticket_id": 501, "company_id": 101},
        {"ticket_id": 502, "company_id": 102},
    ],
    "ticket_pipeline_stage": [
        {
            "stage_id": "900",
            "label": "Shipped to customer",
            "ticket_state": "CLOSED",
            "is_closed": True,
        },
        {"stage_id": "901", "label": "Triage with R&D", "ticket_state": "OPEN", "is_closed": False},
    ],
    "ticket_property_history": [
        {
            "ticket_id": 502,
            "name": "hs_pipeline_stage",
            "value": "1",
            "timestamp_instant": "2025-06-02 09:00:00+00",
        },
        {
            "ticket_id": 502,
            "name": "hs_pipeline_stage",
            "value": "900",
            "timestamp_instant": "2025-06-03 09:00:00+00",
        },
        {
            "ticket_id": 502,
            "name": "subject",
            "value": "not a status",
            "timestamp_instant": "2025-06-03 09:00:00+00",
        },
    ],
}


def land_hubspot(database: Path, schema: str = "hubspot") -> None:
    """Land the company."""
    for table, columns in TABLES.items():
        rows = [
            {"_fivetran_synced": "2025-07-01 02:00:00+00", **row} for row in ROWS.get(table, [])
        ]
        land(database, schema, table, columns, rows)
