"""The API against its own description: schemathesis makes up requests from the OpenAPI document, valid and broken, and
looks whether every answer is one that the document announces. Nothing may be a 500, whatever is sent.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import schemathesis
from case_office import Office
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import Failure, FailureGroup

from cases.words import Role
from config.city import load
from config.database import Database
from config.settings import ROOT, Settings

pytestmark = pytest.mark.slow
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def office(tmp_path_factory, empty_sqlite):
    import shutil

    folder = tmp_path_factory.mktemp("openapi")
    shutil.copy(empty_sqlite, folder / "hotline.db")
    database = Database(f"sqlite:///{folder / 'hotline.db'}")
    made = Office(database, load(ROOT / "config"), Settings(data_dir=folder), lambda: datetime.now(UTC))
    yield made
    made.close()
    database.engine.dispose()


@pytest.fixture(scope="module")
def described(office):
    document = office.anonymous().get(f"{office.root}/openapi.json").json()
    return schemathesis.openapi.from_dict(document)


@pytest.fixture(scope="module")
def bearers(office):
    """One who may do most, one who works in a department: what one may not do, the other may."""
    people = office.person("admin1", Role.ADMINISTRATOR), office.person("clerk1", Role.CLERK, "street_lighting")
    return [each.headers["Authorization"] for each in people]


@pytest.fixture(scope="module")
def known(office):
    """A case that is there, so that not every made-up address ends at a 404."""
    limin = office.person("limin", Role.OPERATOR)
    new = {"kind": "complaint", "category": "urban_construction", "summary": "路灯不亮"}
    number = limin.post("/cases", json=new).json()["number"]
    step = {"action": "dispatch", "lead": "street_lighting"}
    case = limin.post(f"/cases/{number}/transitions", json=step).json()
    return {"number": number, "key": case["assignments"][0]["id"], "code": "street_lighting"}


def test_every_answer_is_one_that_the_document_announces(office, described, bearers, known):
    findings: list[str] = []
    for result in described.get_all_operations():
        operation = result.ok()

        @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True,
                  phases=[Phase.explicit, Phase.generate], database=None)  # fmt: skip
        @given(case=operation.as_strategy(), bearer=st.sampled_from(bearers), there=st.booleans())
        def asked(case, bearer, there):
            if there:
                case.path_parameters.update(
                    {name: known.get(name, value) for name, value in case.path_parameters.items()}
                )
            answer = case.call(base_url=office.root, headers={"Authorization": bearer})
            case.validate_response(answer, checks=CHECKS)

        try:
            asked()
        except (Failure, FailureGroup) as failure:
            findings.append(f"{operation.label}: {failure}")
    assert not findings, "\n\n".join(findings)
