"""Seeded defects: a wrong line of the code each, and the test that has to find it."""

from dataclasses import dataclass

_SHARED = "layers/shared/mytoken_calendars"
_LOGS = "integration/test_lambda_logs.py::test_no_content_is_logged"


@dataclass(frozen=True)
class Mutant:
    """`after` in the place of `before`. The name of the test is that below tests/."""

    defect: str
    file: str
    before: str
    after: str
    test: str

    def mutated(self, text: str) -> str:
        """The file's text with the defect. Raises ValueError if there is not one place for it."""
        if text.count(self.before) != 1:
            raise ValueError(f"{self.file} has not exactly one {self.before!r}")
        return text.replace(self.before, self.after)


MUTANTS = [
    # --- who is let in ----------------------------------------------------------------------------
    Mutant(
        "a token of another type is taken for a mytoken",
        f"{_SHARED}/authorities/embedded/codec.py",
        "if header == codec.header)",
        "if {**header, 'typ': TOKEN_TYPE} == codec.header)",
        "unit/test_embedded_codec.py::test_a_token_of_another_type_is_refused",
    ),
    Mutant(
        "the algorithm is taken from the token",
        f"{_SHARED}/authorities/remote/codec.py",
        "    if header.alg != known.algorithm:\n        return False\n"
        "    jws = PyJWS(algorithms=[known.algorithm])",
        "    jws = PyJWS(algorithms=[header.alg])",
        "unit/test_remote_codec.py::test_no_other_algorithm_than_the_announced_one_is_taken",
    ),
    Mutant(
        "any key of the issuer verifies, whatever the kid says",
        f"{_SHARED}/authorities/remote/codec.py",
        "    return [key for key in keys if any_of_them or key.kid == kid]",
        "    return [*keys]",
        "unit/test_remote_codec.py::test_a_kid_chooses_among_the_keys_that_have_names",
    ),
    Mutant(
        "of two claims of one name the last one counts",
        f"{_SHARED}/strict_json.py",
        "if len(members) != len(pairs):",
        "if len(members) > len(pairs):",
        "unit/test_embedded_codec.py::test_a_token_that_has_a_claim_twice_is_refused",
    ),
    Mutant(
        "a capability covers those whose names begin like its own",
        f"{_SHARED}/tokens/mytoken.py",
        "needed_path[: len(held_path)] == held_path",
        '":".join(needed_path).startswith(":".join(held_path))',
        "unit/test_mytoken.py::test_coverage_is_a_matter_of_whole_segments",
    ),
    Mutant(
        "a token to read is enough to write",
        f"{_SHARED}/tokens/mytoken.py",
        " and (needed_read or not held_read)",
        "",
        "unit/test_mytoken.py::test_a_capability_covers_what_lies_below_it_and_its_read_form",
    ),
    Mutant(
        "a restriction that is not understood is ignored",
        f"{_SHARED}/tokens/restrictions.py",
        "return odd or next(",
        "return next(",
        "integration/test_usage_limits.py::test_a_clause_that_is_not_understood_lets_nobody_in",
    ),
    Mutant(
        "a list of no hosts is no restriction",
        f"{_SHARED}/tokens/restrictions.py",
        "lambda: self.hosts is None or ",
        "lambda: not self.hosts or ",
        "unit/test_restrictions.py::test_a_host_must_be_among_those_of_the_clause",
    ),
    Mutant(
        "the name of a domain is the end of any name",
        f"{_SHARED}/tokens/hosts.py",
        "name.endswith(wanted[1:])",
        "name.endswith(wanted[2:])",
        "unit/test_hosts.py::test_another_name_is_not_included",
    ),
    Mutant(
        "the client says where it is",
        f"{_SHARED}/http/request.py",
        'address: str = event["requestContext"]["http"]["sourceIp"]',
        'address: str = event["headers"].get("x-forwarded-for")'
        ' or event["requestContext"]["http"]["sourceIp"]',
        "integration/test_usage_limits.py::test_headers_do_not_say_where_a_client_is",
    ),
    Mutant(
        "the address of another front is taken for the client's",
        f"{_SHARED}/http/request.py",
        'if event["stageVariables"].get("clientAddress") == "unknown":',
        'if event["stageVariables"].get("clientAddress") == "":',
        "integration/test_usage_limits.py::test_behind_another_front_no_place_is_believed",
    ),
    Mutant(
        "the cookie is read from requests of other origins",
        f"{_SHARED}/http/credentials.py",
        "if origin != own or site not in",
        "if site not in",
        "unit/test_credentials.py::test_the_cookie_is_not_read_from_requests_of_another_origin",
    ),
    Mutant(
        "a token is looked up without its ancestors but the parent",
        f"{_SHARED}/aws/dynamodb/tokens.py",
        "for ancestor in token.ancestors]",
        "for ancestor in token.ancestors[:1]]",
        "integration/test_admission.py::test_with_a_recursively_revoked_ancestor_it_answers_401",
    ),
    Mutant(
        "a successor is refused where the clock is behind",
        f"{_SHARED}/tokens/mytoken.py",
        "if self.iat > now + limits.CLOCK_LEEWAY:",
        "if self.iat > now:",
        "integration/test_rotation.py::test_a_successor_works_where_the_clock_is_behind",
    ),
    Mutant(
        "a token that is not valid yet is told to have expired",
        f"{_SHARED}/tokens/mytoken.py",
        "            raise NotValidYet",
        "            raise Expired",
        "integration/test_admission.py::test_why_a_mytoken_is_refused_at_this_time_is_told",
    ),
    Mutant(
        "revoking what is dead is refused",
        f"{_SHARED}/tokens/revoke.py",
        "        if not _is_dead(authority, credentials, mom_id, refusal):\n            raise",
        "        if not mom_id or _is_dead(authority, credentials, mom_id, refusal):\n"
        "            raise",
        "integration/test_revoke_token.py::test_a_token_that_is_dead_is_revoked_without_a_change",
    ),
    Mutant(
        "a chain that lives is told to be revoked",
        f"{_SHARED}/tokens/revoke.py",
        "        return not mom_id\n",
        "        return True\n",
        "integration/test_revoke_token.py"
        "::test_a_superseded_token_revokes_nothing_and_its_successor_does",
    ),
    Mutant(
        "a token that may live later is told to be revoked",
        f"{_SHARED}/tokens/revoke.py",
        "if isinstance(refusal, NotYetAlive) or (mom_id",
        "if (mom_id",
        "integration/test_revoke_token.py"
        "::test_a_token_that_may_live_later_is_not_taken_for_revoked",
    ),
    Mutant(
        "the cookie of a revoked token stays",
        f"{_SHARED}/http/cookie.py",
        "if state.ended and tokens_in(request) == (state.ended,):",
        "if state.ended and state.by_cookie and not tokens_in(request):",
        "integration/test_revoke_token.py::test_the_cookie_of_a_revoked_token_is_expired",
    ),
    Mutant(
        "an old cookie beside the current one is a replay",
        f"{_SHARED}/tokens/access.py",
        "            replayed.append(mytoken)\n",
        "            authority.revoke_chain(mytoken, credentials.now)\n",
        "integration/test_rotation.py::test_an_old_cookie_beside_the_current_one_is_no_replay",
    ),
    Mutant(
        "a stranger's token hides a replay",
        f"{_SHARED}/tokens/access.py",
        "if beside is None or beside.owner != mytoken.owner:",
        "if beside is None:",
        "integration/test_rotation.py::test_an_old_cookie_beside_a_strangers_is_a_replay",
    ),
    Mutant(
        "any token that was alive hides a replay",
        f"{_SHARED}/tokens/access.py",
        "credentials.bearer not in alive",
        "not alive",
        "integration/test_rotation.py::test_a_stranger_who_loses_a_race_hides_no_replay",
    ),
    Mutant(
        "every cookie is tried, however many there are",
        f"{_SHARED}/http/credentials.py",
        "return cookie.tokens_in(request)[: limits.COOKIES]",
        "return cookie.tokens_in(request)",
        "integration/test_rotation.py::test_the_fourth_cookie_is_not_tried",
    ),
    Mutant(
        "the cookie does not replace the issuer's",
        f"{_SHARED}/http/cookie.py",
        'return f"; Domain={domain}" if is_shared else ""',
        'return ""',
        "unit/test_token_update.py::test_a_browser_replaces_the_issuers_cookie",
    ),
    Mutant(
        "the log does not say which member of a clause fails",
        f"{_SHARED}/tokens/circumstances.py",
        "raise UsageRestricted.by(*failures(mytoken.restrictions, circumstances))",
        "raise UsageRestricted",
        "integration/test_usage_limits.py::test_the_log_says_which_member_of_which_clause_fails",
    ),
    Mutant(
        "functions that are restored from one snapshot pause in step",
        f"{_SHARED}/backoff.py",
        "_RANDOM = random.SystemRandom()",
        "_RANDOM = random",
        "unit/test_backoff.py::test_functions_of_one_snapshot_do_not_pause_in_step",
    ),
    Mutant(
        "a token without a name has none in a list",
        f"{_SHARED}/tokens/tokeninfo.py",
        '"name": token.name or "",',
        '"name": token.name,',
        "integration/test_tokeninfo.py::test_every_entry_has_what_the_original_always_sends",
    ),
    # --- work before the bound --------------------------------------------------------------------
    Mutant(
        "a name is normalised however long it is",
        f"{_SHARED}/calendars/names.py",
        " if len(text) <= bound else text",
        "",
        "unit/test_names.py::test_a_long_name_is_refused_before_it_is_normalised",
    ),
    Mutant(
        "a media type is parsed however long it is",
        f"{_SHARED}/http/body.py",
        "if len(content_type) > limits.MEDIA_TYPE:",
        "if len(content_type) > limits.BODY:",
        "unit/test_body.py::test_a_long_media_type_is_refused_before_it_is_parsed",
    ),
    Mutant(
        "a body is decoded as a whole, however large it is",
        f"{_SHARED}/http/request.py",
        "return base64.b64decode(text[: (limits.BODY // 3 + 1) * 4])",
        "return base64.b64decode(text)",
        "unit/test_body.py::test_of_a_body_only_as_much_is_decoded_as_shows_that_it_is_too_large",
    ),
    Mutant(
        "a body is parsed by each that asks for it",
        f"{_SHARED}/http/body.py",
        "if state.fields is None:",
        "if True:",
        "unit/test_body.py::test_a_body_is_read_once_for_each_request",
    ),
    Mutant(
        "a request that is malformed is tried again",
        f"{_SHARED}/http/operation.py",
        "    errors.Superseded,\n",
        "    errors.InvalidRequest,\n",
        "unit/test_operation.py::test_a_refusal_other_than_outdated_is_not_tried_again",
    ),
    Mutant(
        "a token has as many clauses as it likes",
        f"{_SHARED}/tokens/restrictions.py",
        "return clauses[: limits.CLAUSES] if",
        "return clauses if",
        "unit/test_restrictions.py::test_a_clause_behind_32_others_lets_nobody_in",
    ),
    Mutant(
        "a clause has as many hosts as it likes",
        f"{_SHARED}/tokens/restrictions.py",
        "Field(max_length=limits.HOSTS)",
        "Field(min_length=0)",
        "unit/test_restrictions.py::test_a_clause_of_more_than_64_hosts_is_not_understood",
    ),
    Mutant(
        "as many names of an address are looked up as its owner gives it",
        f"{_SHARED}/authorities/client_network.py",
        "aliases[: limits.CLIENT_NAMES - 1]",
        "aliases",
        "unit/test_client_network.py::test_of_an_address_with_many_names_eight_are_looked_up",
    ),
    # --- how requests may be spelled --------------------------------------------------------------
    Mutant(
        "a path that goes on behind its slash is served",
        f"{_SHARED}/http/operation.py",
        'if request.parameters.get("proxy") and',
        "if False and",
        "integration/test_gateway.py::test_what_goes_on_behind_the_slash_is_not_found",
    ),
    Mutant(
        "an operation has no route for a slash at the end",
        "template.yaml",
        "            Path: /api/v0/tokeninfo/{proxy+}\n",
        "            Path: /api/v0/tokeninfo/\n",
        "integration/test_gateway.py::test_each_path_of_the_api_is_the_same_with_a_slash",
    ),
    Mutant(
        "an Idempotency-Key belongs to the spelling of a path",
        f"{_SHARED}/http/request.py",
        '["rawPath"].removesuffix("/")',
        '["rawPath"]',
        "integration/test_gateway.py::test_a_key_belongs_to_a_request_with_and_without_a_slash",
    ),
    Mutant(
        "an optional field may not be null",
        f"{_SHARED}/http/body.py",
        "for name, value in found.items() if value is not None}",
        "for name, value in found.items()}",
        "integration/test_optional_fields.py"
        "::test_a_field_that_is_null_is_answered_as_one_that_is_absent",
    ),
    Mutant(
        "every bad body is said to be no JSON",
        f"{_SHARED}/http/body.py",
        'InvalidRequest(f"The body {error}.")',
        'InvalidRequest("The body is not JSON.")',
        "unit/test_body.py::test_a_body_that_is_not_strictly_json_is_refused_for_its_reason",
    ),
    Mutant(
        "how deep JSON may be depends on the version of Python",
        f"{_SHARED}/strict_json.py",
        "    if _is_too_deep(value):\n        raise TooDeep(_TOO_DEEP)\n",
        "",
        "unit/test_strict_json.py::test_nesting_deeper_than_500_levels_is_refused",
    ),
    Mutant(
        "advice about forms is given to JSON",
        f"{_SHARED}/http/body.py",
        'if " " in text and info.context:',
        'if " " in text:',
        "unit/test_body.py::test_advice_about_forms_is_for_forms",
    ),
    Mutant(
        "raw characters in a form are not told of",
        f"{_SHARED}/http/form.py",
        "    if not form.isascii():",
        "    if not form:",
        "unit/test_body.py::test_a_body_that_is_not_strictly_a_form_is_refused_for_its_reason",
    ),
    Mutant(
        "a carriage return and a line feed are two line feeds",
        f"{_SHARED}/calendars/names.py",
        're.compile("\\r\\n?")',
        're.compile("\\r(?=\\n)")',
        "unit/test_names.py::test_lines_of_a_comment_end_in_line_feeds",
    ),
    Mutant(
        "a joiner may stand anywhere in a name",
        f"{_SHARED}/calendars/characters.py",
        '_JOINERS_IN_PLACE.sub("", name)',
        're.sub("[\\u200c\\u200d]", "", name)',
        "unit/test_names.py::test_a_joiner_is_refused_where_it_would_be_hidden",
    ),
    Mutant(
        "names have characters that no version of Python knows yet",
        f"{_SHARED}/calendars/characters.py",
        "(category in _UNKNOWN and not",
        '(category == "Co" and not',
        "unit/test_names.py::test_a_name_with_a_character_that_unicode_14_lacks_is_refused",
    ),
    Mutant(
        "emoji are those that this version of Python knows",
        f"{_SHARED}/calendars/characters.py",
        " and not _EMOJI_TO_COME.match(character)",
        "",
        "unit/test_names.py::test_an_emoji_that_python_does_not_know_yet_is_taken",
    ),
    Mutant(
        "only one space may stand after Bearer",
        f"{_SHARED}/http/credentials.py",
        'bearer.lstrip(" ")',
        "bearer",
        "unit/test_credentials.py::test_one_or_more_spaces_stand_before_the_token",
    ),
    Mutant(
        "a preflight allows what the API knows alone",
        f"{_SHARED}/http/preflight.py",
        "(*_HEADERS, *_others_asked_for(request))",
        "_HEADERS",
        "integration/test_preflight.py::test_the_headers_that_are_asked_for_are_allowed",
    ),
    Mutant(
        "a preflight repeats what it was sent",
        f"{_SHARED}/http/preflight.py",
        " or not _NAMES.fullmatch(asked)",
        "",
        "integration/test_preflight.py"
        "::test_what_is_no_list_of_names_or_a_long_one_is_not_repeated",
    ),
    Mutant(
        "pages of other origins cannot read when to come again",
        f"{_SHARED}/http/operation.py",
        "Location, Retry-After, ",
        "Location, ",
        "contract/test_openapi.py"
        "::test_a_real_answer_is_as_documented_and_all_its_headers_can_be_read",
    ),
    Mutant(
        "the id of a request is in answers of the API alone",
        f"{_SHARED}/http/operation.py",
        '        answer["headers"]["X-Request-Id"] = request_id  # as in the logs\n',
        '        if request.path.startswith("/api/"):\n'
        '            answer["headers"]["X-Request-Id"] = request_id\n',
        "contract/test_openapi.py"
        "::test_a_real_answer_is_as_documented_and_all_its_headers_can_be_read",
    ),
    Mutant(
        "the local server knows no whole URLs",
        "local/gateway.py",
        '_ORIGIN.sub("", target) or "/"',
        "target",
        "integration/test_gateway.py::test_a_target_may_be_a_whole_url",
    ),
    Mutant(
        "the file of every calendar is called alike",
        f"{_SHARED}/http/feed_response.py",
        '.split()) or "calendar"',
        '.split()) and "calendar"',
        "unit/test_feed_response.py::test_clients_without_rfc_8187_get_the_nearest_name_in_ascii",
    ),
    Mutant(
        "HEAD does not find the keys",
        "template.yaml",
        "            Method: HEAD\n            Path: /jwks\n",
        "            Method: PUT\n            Path: /jwks\n",
        "integration/test_gateway.py::test_head_is_for_what_uses_no_mytoken_up",
    ),
    # --- what an answer shows, and what a request names -------------------------------------------
    Mutant(
        "who may add a token is told the address of the feed",
        f"{_SHARED}/calendars/calendar.py",
        "return replace(self, addresses=(), ",
        "return replace(self, ",
        "integration/test_answers_by_capability.py::test_an_answer_shows_what_the_capability_reads",
    ),
    Mutant(
        "who may add a token is told of all others",
        f"{_SHARED}/calendars/calendars.py",
        "for one in alive if one.is_below(own)}",
        "for one in alive}",
        "integration/test_answers_by_capability.py::test_an_answer_shows_what_the_capability_reads",
    ),
    Mutant(
        "a request that names no token revokes the one that asks",
        f"{_SHARED}/tokens/revoke.py",
        "    if not (token or mom_id):",
        "    if token is mom_id is Ellipsis:",
        "integration/test_revoke_token.py::test_a_body_that_names_no_token_revokes_none",
    ),
    Mutant(
        "a client that does not know which token to remove deletes the calendar",
        f"{_SHARED}/http/body.py",
        "mom_id: Annotated[MomIdOrOwn | None, BeforeValidator(_not_null)] = None",
        "mom_id: MomIdOrOwn | None = None",
        "integration/test_delete_or_remove.py::test_a_delete_whose_body_says_neither_ends_nothing",
    ),
    Mutant(
        "a field in capitals is passed over",
        f"{_SHARED}/http/body.py",
        "if name not in known and name.casefold() in known:",
        "if name not in known and name in known:",
        "unit/test_body.py::test_a_field_in_capitals_is_not_passed_over",
    ),
    Mutant(
        "a token of a former address is refused like any other",
        f"{_SHARED}/authorities/embedded/authority.py",
        "raise IssuerChanged",
        "raise AheadOfRegistry",
        "integration/test_admission.py"
        "::test_a_mytoken_of_an_address_that_the_stack_had_is_answered_503_in_a_sentence",
    ),
    Mutant(
        "a token of a former address is taken",
        f"{_SHARED}/authorities/embedded/authority.py",
        "if mytoken.iss == credentials.stack_url:",
        "if mytoken.iss:",
        "integration/test_admission.py"
        "::test_a_mytoken_of_an_address_that_the_stack_had_is_answered_503_in_a_sentence",
    ),
    Mutant(
        "a dead token of a former address rings the alarm",
        f"{_SHARED}/authorities/embedded/authority.py",
        "        mytoken.check_valid_at(credentials.now)\n"
        "        self.look_up(mytoken, credentials)\n",
        "",
        "integration/test_admission.py"
        "::test_a_dead_mytoken_of_an_address_that_the_stack_had_is_answered_401",
    ),
    # --- whose things are whose -------------------------------------------------------------------
    Mutant(
        "the owner of a token is found by what the request says",
        f"{_SHARED}/authorities/embedded/authority.py",
        "return self.registry.find(caller.owner, mom_id)",
        "return self.registry.find(self.registry.owner_of(mom_id), mom_id)",
        "integration/test_bad_input.py"
        "::test_an_unknown_mom_id_and_somebody_elses_are_answered_alike",
    ),
    Mutant(
        "one user of two issuers is one owner",
        f"{_SHARED}/tokens/mytoken.py",
        "return owner_of(self.iss, self.sub)",
        'return owner_of("", self.sub)',
        "unit/test_mytoken.py::test_a_user_of_another_issuer_is_another_owner",
    ),
    Mutant(
        "a mom_id has several spellings",
        f"{_SHARED}/identifiers.py",
        "if len(digest) != hashlib.sha512().digest_size or _base64(digest) != text:",
        "if len(digest) != hashlib.sha512().digest_size:",
        "unit/test_identifiers.py::test_a_text_that_is_not_the_base64_of_64_bytes_is_no_mom_id",
    ),
    Mutant(
        "names are compared in lower case only",
        f"{_SHARED}/calendars/names.py",
        "decomposed.casefold()",
        "decomposed.lower()",
        "integration/test_create_calendar.py"
        "::test_a_name_that_exists_is_a_conflict_and_changes_nothing",
    ),
    # --- uses are counted, and tokens rotate ------------------------------------------------------
    Mutant(
        "a token that was rotated meanwhile is committed",
        f"{_SHARED}/aws/dynamodb/tokens.py",
        "AND #seq_no = :seq_no",
        "AND #seq_no >= :seq_no",
        "integration/test_rotation.py"
        "::test_who_loses_the_race_within_the_transaction_revokes_nothing",
    ),
    Mutant(
        "of those who race for the last use one too many gets it",
        f"{_SHARED}/aws/dynamodb/tokens.py",
        "OR {counter} < :most",
        "OR {counter} <= :most",
        "integration/test_usage_limits.py::test_who_is_overtaken_on_the_last_use_of_all_is_refused",
    ),
    Mutant(
        "a limited token is used once too often",
        f"{_SHARED}/tokens/restrictions.py",
        "circumstances.uses.get(self.digest, 0) < limit",
        "circumstances.uses.get(self.digest, 0) <= limit",
        "unit/test_restrictions.py::test_a_clause_holds_until_its_uses_are_used_up",
    ),
    Mutant(
        "who has lost a race is taken for a thief",
        f"{_SHARED}/tokens/rotation.py",
        "return arrived > superseded.committed_ms",
        "return True",
        "integration/test_rotation.py"
        "::test_who_was_on_the_way_when_the_token_was_rotated_has_lost_a_race",
    ),
    Mutant(
        "a successor is handed out before it is committed",
        f"{_SHARED}/tokens/authority.py",
        "        return replace(\n            use,\n",
        "        follow_up()\n        return replace(\n            use,\n",
        "integration/test_rotation.py::test_what_the_transaction_refuses_neither_rotates_nor_counts",
    ),
    Mutant(
        "what fails after the commit takes the successor with it",
        f"{_SHARED}/tokens/authority.py",
        "                self.credentials.state.token_update = use.token_update\n"
        "            use.follow_up()\n",
        "                use.follow_up()\n"
        "                self.credentials.state.token_update = use.token_update\n",
        "unit/test_authority.py::test_the_successor_is_handed_on_whatever_fails_after_the_commit",
    ),
    Mutant(
        "the key of a list is not honoured",
        f"{_SHARED}/calendars/calendars.py",
        "    if not caller.receipt:\n        change = Change.new(now)",
        "    if True:\n        change = Change.new(now)",
        "integration/test_idempotency_key.py"
        "::test_a_use_that_leaves_a_trace_is_repeated_under_its_key",
    ),
    Mutant(
        "a tag that was given before looks for its calendar once more",
        f"{_SHARED}/calendars/calendars.py",
        "    if not caller.receipt:\n        update(",
        "    if True:\n        update(",
        "integration/test_idempotency_key.py"
        "::test_what_was_done_to_a_calendar_that_is_deleted_since_is_not_done_again",
    ),
    Mutant(
        "a use that changes no calendar leaves no receipt",
        f"{_SHARED}/tokens/authority.py",
        "has_receipt = bool(calendar_id) or self.leaves_a_trace",
        "has_receipt = bool(calendar_id)",
        "integration/test_idempotency_key.py"
        "::test_a_use_that_leaves_a_trace_is_repeated_under_its_key",
    ),
    Mutant(
        "a list is repeated for a day",
        f"{_SHARED}/tokens/authority.py",
        "limits.LIST_REPEATED if only_reads else limits.REPEATABLE",
        "limits.REPEATABLE",
        "integration/test_idempotency_key.py::test_no_key_makes_one_use_a_day_of_lists",
    ),
    Mutant(
        "a receipt is written before the request is done",
        f"{_SHARED}/tokens/authority.py",
        "        return (self.receipts.receipt_write(key, bearer, receipt, change, begun=begun),)",
        "        self.receipts.table.commit(Change.new(change.at), self.receipts.receipt_write("
        "key, bearer, receipt, change, begun=begun))\n        return ()",
        "integration/test_idempotency_key.py"
        "::test_a_request_that_its_transaction_refused_may_be_sent_again_under_its_key",
    ),
    # --- one transaction for each change ----------------------------------------------------------
    Mutant(
        "of two that were sent at once the earlier one comes too late",
        f"{_SHARED}/tokens/access.py",
        "check_valid_at(max(credentials.now, mytoken.iat))",
        "check_valid_at(credentials.now)",
        "integration/test_idempotency_key.py"
        "::test_of_two_that_were_sent_at_once_the_earlier_one_may_be_the_repetition",
    ),
    Mutant(
        "a transaction is sent again as another one",
        f"{_SHARED}/aws/dynamodb/transaction.py",
        "ClientRequestToken=change.id)",
        'ClientRequestToken=f"{_}{change.id[1:]}")',
        "unit/test_transaction.py"
        "::test_a_transaction_that_met_another_is_sent_again_as_the_same_one",
    ),
    Mutant(
        "reads may lag behind",
        f"{_SHARED}/aws/dynamodb/table.py",
        '"Key": key, "ConsistentRead": True}',
        '"Key": key, "ConsistentRead": False}',
        "integration/test_get_feed.py::test_the_feed_is_a_calendar_with_an_event_for_each_token",
    ),
    Mutant(
        "of many items only the first page is found",
        f"{_SHARED}/aws/dynamodb/table.py",
        "            return [clients.from_dynamodb(item) for page in pages for",
        "            return [clients.from_dynamodb(item) for page in [*pages][:1] for",
        "unit/test_table.py::test_the_items_of_all_pages_of_a_partition_are_found",
    ),
    Mutant(
        "a calendar that was made anew is taken for the one that was read",
        f"{_SHARED}/aws/dynamodb/calendars.py",
        "self.table.commit(change, self.table.check(key, PRESENT), use=use)",
        "self.table.commit(change, use=use)",
        "integration/test_overtaken.py::test_a_token_that_is_added_while_the_calendar_is_made_anew_is_in_the_new_one",
    ),
    Mutant(
        "a token is added to feeds that were not read",
        f"{_SHARED}/aws/dynamodb/updates.py",
        '[*as_found, "#feeds = :feeds", ',
        "[*as_found, ",
        "unit/test_calendars_table.py::test_a_token_is_added_if_it_is_not_there_whatever_else_is_added_meanwhile",
    ),
    Mutant(
        "there is one more than a limit allows",
        f"{_SHARED}/aws/dynamodb/items.py",
        "(#calendars < :most",
        "(#calendars <= :most",
        "integration/test_bad_input.py::test_a_bad_input_is_answered_as_an_error_and_changes_nothing[stack-row-59-a-calendar-too-many]",
    ),
    # --- the feed is what the table says ----------------------------------------------------------
    Mutant(
        "a new token leaves the feed's version as it was",
        f"{_SHARED}/aws/dynamodb/updates.py",
        '", ".join(f"#{field} = :{field}" for field in told)',
        '", ".join(f"#{field} = if_not_exists(#{field}, :{field})" for field in told)',
        "integration/test_feed_changes.py::test_every_change_shows_in_the_next_answer_under_a_new_etag",
    ),
    Mutant(
        "a comment replaces one that was not read",
        f"{_SHARED}/aws/dynamodb/updates.py",
        'replaced = [*over, "token"] if addition.known else [*over]',
        "replaced = [*over]",
        "integration/test_overtaken.py::test_of_two_new_comments_the_later_one_remains_and_both_are_counted",
    ),
    Mutant(
        "a feed is named by what its head announced",
        f"{_SHARED}/aws/dynamodb/feeds.py",
        '            version=calendar["version"],\n            revocations=marks.version,\n',
        "",
        "integration/test_feed_changes.py::test_what_changes_while_the_feed_is_built_is_in_it_under_the_etag_of_the_change",
    ),
    Mutant(
        "a deleted calendar leaves its feed's head",
        f"{_SHARED}/aws/dynamodb/items.py",
        'return {"deleted": change.at, "ttl": change.at + limits.FEED_GONE}',
        'return {"owner": "", "calendar": "", "name": "", "version": change.id, "label": "", '
        '"style": entries.packed_style(Settings(Address.new()).style)}',
        "integration/test_delete_calendar.py"
        "::test_the_feed_is_gone_with_the_next_request_even_for_those_who_know_it",
    ),
    Mutant(
        "whoever has a feed's etag is answered from memory",
        "functions/get_feed/app.py",
        "    current = store.find(secret, request.now)\n",
        '    known = globals().setdefault("known", {})\n'
        '    if secret not in known or "if-none-match" not in request.headers:\n'
        "        known[secret] = store.find(secret, request.now)\n"
        "    current = known[secret]\n",
        "integration/test_delete_calendar.py"
        "::test_the_feed_is_gone_with_the_next_request_even_for_those_who_know_it",
    ),
    Mutant(
        "a deleted feed is gone until DynamoDB removes it, and not for 90 days",
        f"{_SHARED}/aws/dynamodb/feeds.py",
        'if head is None or head.get("ttl", now) < now:',
        "if head is None:",
        "integration/test_delete_calendar.py::test_the_feed_is_410_for_90_days_and_404_ever_after",
    ),
    Mutant(
        "a weak etag is none",
        f"{_SHARED}/http/feed_response.py",
        """r'"([^"]*)"'""",
        """r'(?<!W/)"([^"]*)"'""",
        "unit/test_feed_response.py::test_a_client_that_has_this_state_is_told_so",
    ),
    Mutant(
        "a revoked token stays in feeds and lists",
        f"{_SHARED}/aws/dynamodb/revocations.py",
        "if short_id not in revoked and ",
        "if ",
        "integration/test_feed_changes.py::test_a_revoked_token_leaves_every_calendar_it_is_in",
    ),
    Mutant(
        "the descendants of a revoked token stay in feeds and lists",
        f"{_SHARED}/aws/dynamodb/revocations.py",
        " and recursive.isdisjoint(one.ancestors)",
        "",
        "integration/test_feed_changes.py::test_descendants_leave_the_feed_only_if_the_revocation_is_recursive",
    ),
    # --- the dead leave
    Mutant(
        "a mark goes that was set anew since it was read",
        f"{_SHARED}/aws/dynamodb/tidying.py",
        "if leaving.get(s) != mark",
        "if s not in leaving",
        "reliability/test_tidying.py",
    ),
    Mutant(
        "a mark goes while descendants of its token are in a calendar",
        f"{_SHARED}/aws/dynamodb/tidying.py",
        "(one.short_id, *one.ancestors)",
        "(one.short_id,)",
        "integration/test_the_dead_leave.py"
        "::test_a_mark_stays_while_a_calendar_that_was_not_reached_has_its_token",
    ),
    Mutant(
        "marks go before a minute has passed",
        f"{_SHARED}/aws/dynamodb/tidying.py",
        " and mark[0] < now - limits.MARK_KEPT",
        "",
        "integration/test_the_dead_leave.py"
        "::test_marks_that_are_young_stay_and_those_of_a_minute_make_room",
    ),
    Mutant(
        "all marks go, also those that others have set meanwhile",
        f"{_SHARED}/aws/dynamodb/revocations.py",
        'as_found = "#version = :found"',
        'as_found = "#version = :found OR attribute_exists(#version)"',
        "reliability/test_tidying.py",
    ),
    Mutant(
        "tidying undoes what came into the calendar meanwhile",
        f"{_SHARED}/aws/dynamodb/tidying.py",
        '"#version = :found",',
        '"#version = :found OR attribute_exists(#version)",',
        "reliability/test_tidying.py",
    ),
    Mutant(
        "lists read the calendars before the marks",
        f"{_SHARED}/aws/dynamodb/calendars.py",
        "        marks = revocations.read(self.table, owner)\n"
        "        found = self.table.get_all(keys.calendar(calendar.id) for calendar in named)\n",
        "        found = self.table.get_all(keys.calendar(calendar.id) for calendar in named)\n"
        "        marks = revocations.read(self.table, owner)\n",
        "reliability/test_tidying.py::test_whoever_reads_while_all_is_tidied_sees_what_lives",
    ),
    Mutant(
        "feeds read the calendar before the marks",
        f"{_SHARED}/aws/dynamodb/feeds.py",
        "            marks = revocations.read(self.table, feed.owner)\n"
        "            calendar = self.table.get(keys.calendar(feed.calendar_id))\n",
        "            calendar = self.table.get(keys.calendar(feed.calendar_id))\n"
        "            marks = revocations.read(self.table, feed.owner)\n",
        "reliability/test_tidying.py::test_whoever_reads_while_all_is_tidied_sees_what_lives",
    ),
    Mutant(
        "what is dead goes on weighing",
        f"{_SHARED}/aws/dynamodb/tidying.py",
        'updates.heavier(table, calendar["owner"], -less)',
        'updates.heavier(table, calendar["owner"], 0)',
        "integration/test_the_dead_leave.py::test_what_leaves_a_calendar_leaves_its_weight_and_its_owners",
    ),
    Mutant(
        "only the revoked leave",
        f"{_SHARED}/aws/dynamodb/tidying.py",
        " if not one.is_long_over(now)",
        "",
        "reliability/test_tidying.py",
    ),
    Mutant(
        "revocations leave no room for chains",
        f"{_SHARED}/authorities/embedded/authority.py",
        "self._commit(revocation, change, limits.MARKS_TIDIED, use(change))",
        "self._commit(revocation, change, limits.MARKS, use(change))",
        "integration/test_the_dead_leave.py::test_the_operators_command_tidies_as_well",
    ),
    Mutant(
        "an addition gives up when another has taken out what it would",
        f"{_SHARED}/calendars/adding.py",
        "            if not addition.leaving:\n                raise\n",
        "            raise\n",
        "unit/test_calendars.py"
        "::test_an_addition_whose_leaving_ones_another_has_taken_out_does_without",
    ),
    Mutant(
        "a token that is added stays hidden under an old mark",
        f"{_SHARED}/aws/dynamodb/calendars.py",
        "if addition.mark is None:",
        "if addition.mark is None or addition.known:",
        "integration/test_the_dead_leave.py"
        "::test_what_an_issuer_takes_back_is_shown_again_when_it_is_added",
    ),
    Mutant(
        "a mark has the time of the request, which may have begun before another one's",
        f"{_SHARED}/authorities/remote/gone_tokens.py",
        "Change.new(int(time.time()))",
        "Change.new(int(time.time()) - 20)",
        "integration/test_the_dead_leave.py"
        "::test_what_is_revoked_after_an_addition_has_asked_stays_hidden",
    ),
    Mutant(
        "a revocation fails because tidying fails",
        f"{_SHARED}/authorities/embedded/authority.py",
        "with suppress(TemporarilyUnavailable):  # there may be room all the same",
        "with suppress(AlreadyRevoked):",
        "integration/test_the_dead_leave.py::test_a_revocation_is_done_even_if_tidying_is_not",
    ),
    Mutant(
        "the dead keep a user from creating calendars",
        f"{_SHARED}/aws/dynamodb/items.py",
        "limits.OWNER_WEIGHT + limits.OWNER_ROOM - weighs",
        "limits.OWNER_WEIGHT - weighs",
        "integration/test_the_dead_leave.py::test_a_new_calendar_has_room_beside_the_dead",
    ),
    Mutant(
        "what expired a month ago is listed for ever",
        f"{_SHARED}/tokens/tokeninfo.py",
        "token.expires is None or token.expires >= since",
        "True",
        "integration/test_the_dead_leave.py"
        "::test_mytokens_that_expired_a_month_ago_are_listed_no_more",
    ),
    Mutant(
        "a revocation leaves the etag and the cached feed as they were",
        f"{_SHARED}/feeds/feed.py",
        "_digest(self.version, self.revocations, ",
        '_digest(self.version, "", ',
        "integration/test_feed_changes.py"
        "::test_every_change_shows_in_the_next_answer_under_a_new_etag",
    ),
    Mutant(
        "a carriage return in a token's name begins a new line",
        f"{_SHARED}/feeds/content_lines.py",
        "dict.fromkeys(IN_NO_TEXT, ",
        "dict.fromkeys(IN_NO_TEXT - {0x0D}, ",
        "unit/test_writer.py::test_a_token_in_any_words_adds_no_property_to_its_event",
    ),
    Mutant(
        "a calendar without tokens has no component",
        f"{_SHARED}/feeds/writer.py",
        "        if empty:\n            yield _NO_EVENT\n",
        "",
        "unit/test_writer.py::test_a_calendar_without_tokens_has_a_component_nevertheless",
    ),
    Mutant(
        "an event ends when it begins",
        f"{_SHARED}/feeds/writer.py",
        "utc(start + _EVENT_LENGTH)",
        "utc(start)",
        "contract/test_feed_golden.py::test_the_judge_finds_no_fault_in_a_feed_that_is_served",
    ),
    Mutant(
        "a line is folded beside a space",
        f"{_SHARED}/feeds/content_lines.py",
        'if data[place - 1] not in b" \\t\\\\" and data[place] not in b" \\t":',
        "if data[place - 1] != 0x5C:",
        "unit/test_writer.py"
        "::test_no_line_ends_or_begins_in_a_space_where_there_is_another_place_to_fold",
    ),
    Mutant(
        "a change of the style leaves the revision of events",
        f"{_SHARED}/feeds/writer.py",
        "token.changes + self.style.changes + NUMBER",
        "token.changes + NUMBER",
        "unit/test_writer.py::test_a_change_of_the_style_raises_the_revision_of_all_events",
    ),
    Mutant(
        "a clock that is behind sets the time of a change back",
        f"{_SHARED}/calendars/subscriptions.py",
        "changed=max(again.changed, self.changed),",
        "changed=again.changed,",
        "unit/test_writer.py::test_a_change_of_a_subscription_raises_its_revision_whatever_the_clocks",
    ),
    Mutant(
        "the text changes, and the writer's number does not",
        f"{_SHARED}/feeds/writer.py",
        '"CATEGORIES:mytoken\\r\\n"',
        '"CATEGORIES:mytokens\\r\\n"',
        "contract/test_feed_golden.py::test_a_feed_is_its_golden_file_byte_for_byte",
    ),
    Mutant(
        "feeds of two styles share a name in the cache",
        f"{_SHARED}/feeds/feed.py",
        "text = (version, revocations, *style, renewal_page,",
        "text = (version, revocations, renewal_page,",
        "unit/test_feed.py::test_whatever_the_text_depends_on_makes_another_state",
    ),
    Mutant(
        "a token of a day has no reminder in advance",
        f"{_SHARED}/feeds/reminders.py",
        "return (*_in_advance(left), *in_time)",
        "return in_time",
        "unit/test_reminders.py::test_one_reminder_is_in_advance_however_little_time_is_left",
    ),
    Mutant(
        "tokens are listed by their mom_ids",
        f"{_SHARED}/calendars/calendar.py",
        "sorted((one.added, one.mom_id) for",
        "sorted((one.mom_id, one.mom_id) for",
        "integration/test_add_token.py::test_the_tokens_of_a_calendar_are_listed_in_the_order_of_adding",
    ),
    Mutant(
        "a name may look like an id",
        f"{_SHARED}/calendars/names.py",
        "if is_calendar_id(name):",
        "if False:",
        "unit/test_names.py::test_a_name_in_the_form_of_an_id_is_refused",
    ),
    Mutant(
        "a vertical tab is let through in comments",
        f"{_SHARED}/calendars/characters.py",
        "if code not in (0x09, 0x0A)),",
        "if code not in (0x09, 0x0A, 0x0B)),",
        "unit/test_names.py::test_a_comment_with_a_character_that_is_no_text_is_refused",
    ),
    Mutant(
        "the weight of a replaced comment stays",
        f"{_SHARED}/calendars/calendar.py",
        "for one in (known, *gone) if one",
        "for one in gone",
        "integration/test_largest_calendars.py::test_a_comment_that_does_not_fit_is_refused_and_a_shorter_one_is_not",
    ),
    # --- calendars of a mytoken server are brought in ---------------------------------------------
    Mutant(
        "an import remembers calendars by an id that the next one does not know",
        f"{_SHARED}/aws/dynamodb/imports.py",
        "self.table.put(keys.imported(secret)",
        "self.table.put(keys.imported(calendar.id)",
        "integration/test_import.py::test_what_was_deleted_since_does_not_come_back",
    ),
    Mutant(
        "an imported calendar is its user's at the OpenID provider, and not at the server",
        "tools/operate/export_conversion.py",
        "subject(user.sub, user.iss)",
        "user.sub",
        "integration/test_import.py"
        "::test_a_calendar_is_its_users_with_its_tokens_and_its_feed_is_where_it_was",
    ),
    Mutant(
        "an import takes over tokens of other users",
        "tools/operate/export_conversion.py",
        "elif row.user_id != calendar.uid:",
        "elif not row.user_id:",
        "integration/test_import.py"
        "::test_tokens_that_cannot_be_in_a_calendar_are_told_and_the_others_are_in_it",
    ),
    Mutant(
        "an imported comment goes on with what the server has put after it",
        "tools/operate/exported_comments.py",
        r'comment, found, _ = before.rpartition("\n\n")',
        "comment, found = before, before",
        "unit/test_exported_comments.py::test_the_comment_of_an_event_is_found_as_it_was_given",
    ),
    # --- what is secret stays so ------------------------------------------------------------------
    Mutant(
        "the address of a feed is the key of its head",
        f"{_SHARED}/aws/dynamodb/keys.py",
        "    return _digest(secret)\n",
        "    return secret\n",
        "integration/test_secrets.py::test_no_key_of_a_table_holds_a_secret",
    ),
    Mutant(
        "a successor is sealed with a key that all receipts share",
        f"{_SHARED}/aws/dynamodb/receipts.py",
        "derive.derive(bearer.encode())",
        'derive.derive(b"")',
        "unit/test_receipts.py::test_the_seal_depends_on_every_character_of_the_token",
    ),
    Mutant(
        "Lambda's log level decides what botocore writes",
        f"{_SHARED}/logs.py",
        """logging.getLogger("botocore").setLevel(logging.WARNING)""",
        """logging.getLogger("botocore").setLevel(logging.DEBUG)""",
        f"{_LOGS}[ERROR sampled under TRACE-get_feed]",
    ),
    Mutant(
        "Lambda's log level decides what libraries write",
        f"{_SHARED}/logs.py",
        "logging.getLogger().setLevel(logging.WARNING)",
        "logging.getLogger().setLevel(logging.NOTSET)",
        "integration/test_lambda_logs.py::test_what_libraries_say_is_not_logged",
    ),
    Mutant(
        "Lambda's log level decides in place of LogLevel",
        f"{_SHARED}/logs.py",
        'os.environ.pop("AWS_LAMBDA_LOG_LEVEL", None)',
        'os.environ.get("AWS_LAMBDA_LOG_LEVEL", None)',
        "integration/test_lambda_logs.py"
        "::test_the_polled_function_writes_what_loglevel_says[WARNING]",
    ),
    Mutant(
        "a failed function reports what the exception says",
        f"{_SHARED}/logs.py",
        "raise Fault(_name_of(error))",
        "raise Fault(str(error))",
        f"{_LOGS}[as the template says-add_token]",
    ),
    Mutant(
        "an operation raises what it meets",
        f"{_SHARED}/http/operation.py",
        "    @logs.faults_by_name\n",
        "",
        f"{_LOGS}[as the template says-get_feed]",
    ),
    Mutant(
        "a calendar takes more than it can hold",
        f"{_SHARED}/calendars/calendar.py",
        "more <= 0 or self.weight + more <= limits.CALENDAR_WEIGHT",
        "self.weight <= limits.CALENDAR_WEIGHT",
        "integration/test_largest_calendars.py::test_what_does_not_fit_is_refused_with_both_numbers_and_changes_nothing",
    ),
    Mutant(
        "any server may be asked about tokens",
        f"{_SHARED}/authorities/remote/https.py",
        "return _parts(url)[:2] == _parts(self.url)[:2]",
        "return bool(_parts(url))",
        "unit/test_https.py::test_no_connection_is_made_for_a_url_elsewhere",
    ),
    # --- connections that AWS has closed ----------------------------------------------------------
    Mutant(
        "a connection that S3 has closed is a failure of the cache",
        f"{_SHARED}/aws/clients.py",
        "    if attempts > 1 or not isinstance(caught_exception, _CLOSED):",
        "    if attempts or not isinstance(caught_exception, _CLOSED):",
        "unit/test_closed_connections.py::test_a_feed_is_fetched_over_a_fresh_connection",
    ),
    # --- operators --------------------------------------------------------------------------------
    Mutant(
        "an empty table is a backup of all tokens",
        "tools/operate/restore_tables.py",
        "if not of_tokens[keys.TOKEN] and (has_tokens or of_tokens):",
        "if not of_tokens[keys.TOKEN] and of_tokens:",
        "integration/test_restore.py::test_an_empty_table_is_no_backup_of_tokens",
    ),
    Mutant(
        "operators get tokens for hosts that no client is",
        f"{_SHARED}/authorities/embedded/minting.py",
        "if odd := [host for host in entries if not hosts.can_match(host)]:",
        "if odd := [host for host in entries if not host]:",
        "integration/test_issue_token.py::test_what_would_never_hold_is_refused_with_its_name",
    ),
    Mutant(
        "a killed local server has kept nothing",
        "local/server.py",
        '_SAVING = {"SAVE_AFTER": "1"}',
        '_SAVING = {"SAVE_AFTER": "3600"}',
        "local_server/test_kept_state.py::test_a_killed_server_has_what_was_done_two_seconds_before",
    ),
    Mutant(
        "the local server takes a state without its key for whole",
        "local/data.py",
        'boto3.client("kms").describe_key(KeyId=variables["SIGNING_KEYS"])',
        'boto3.client("kms").list_keys()',
        "local_server/test_kept_state.py::test_a_broken_state_is_set_aside_with_one_line",
    ),
    Mutant(
        "sam local is at another address than the issuer of the mytokens",
        "local/sam.py",
        '"publicUrl": running.url}',
        '"publicUrl": "http://127.0.0.1"}',
        "local_server/test_sam_local.py::test_the_walk_is_answered_as_by_the_local_server",
    ),
    # --- limits at every door ---------------------------------------------------------------------
    Mutant(
        "operators get tokens whose clauses are beyond a limit",
        f"{_SHARED}/authorities/embedded/minting.py",
        "for name in clause.odd_members]",
        "for name in clause.model_extra or ()]",
        "integration/test_limits_at_doors.py::test_a_door_refuses_or_cuts_what_is_beyond",
    ),
    Mutant(
        "a long name of another issuer stays long",
        f"{_SHARED}/tokens/claim_types.py",
        "lambda name: name[: limits.TOKEN_NAME]",
        "lambda name: name",
        "integration/test_limits_at_doors.py::test_a_door_refuses_or_cuts_what_is_beyond",
    ),
    # --- what a stranger makes us ask -------------------------------------------------------------
    Mutant(
        "the issuer is asked about each made-up short token",
        f"{_SHARED}/authorities/remote/asked_tokens.py",
        "bearer not in self.known and self.unknown.is_full",
        "bearer not in self.known and not self.unknown",
        "integration/test_remote_strangers.py"
        "::test_a_stranger_makes_the_stack_ask_others_a_bounded_number_of_times",
    ),
    Mutant(
        "a text of any length is shown to the issuer",
        f"{_SHARED}/authorities/remote/codec.py",
        "len(bearer) == length and",
        "len(bearer) >= length // 2 and",
        "unit/test_remote_codec.py::test_a_short_token_is_letters_and_digits",
    ),
    # --- one odd element of a list from outside ---------------------------------------------------
    Mutant(
        "an odd entry of a listing spoils the whole",
        f"{_SHARED}/authorities/remote/tokeninfo_answers.py",
        "    except ValueError:\n        return None\n    name = ",
        "    except ValueError:\n        raise TemporarilyUnavailable from None\n    name = ",
        "integration/test_remote_authority.py::test_an_odd_entry_of_a_listing_spoils_no_other",
    ),
    Mutant(
        "a token whose entry is odd counts as revoked",
        f"{_SHARED}/authorities/remote/tokeninfo_answers.py",
        "return self.odd | self.records.keys()",
        "return {*self.records}",
        "integration/test_remote_authority.py::test_a_token_whose_entry_becomes_odd_stays_in_its_feeds",
    ),
    Mutant(
        "an odd key of the issuer spoils its set",
        f"{_SHARED}/authorities/remote/key_set.py",
        "    except ValueError:\n        return None",
        "    except LookupError:\n        return None",
        "integration/test_remote_authority.py::test_an_odd_key_of_the_issuer_spoils_no_token",
    ),
    Mutant(
        "a clause that is no object is left out, and the token is unrestricted",
        f"{_SHARED}/tokens/restrictions.py",
        "known = members if isinstance(members, dict) else _NO_OBJECT",
        "known = members if isinstance(members, dict) else {}",
        "unit/test_mytoken.py::test_an_odd_clause_spoils_no_other",
    ),
    Mutant(
        "a rotating token is told how uses are counted",
        f"{_SHARED}/authorities/remote/authority.py",
        "_ROTATED if caller.mytoken.rotates else _COUNTED",
        "_COUNTED",
        "integration/test_remote_authority.py"
        "::test_a_token_whose_use_cannot_be_counted_is_told_the_way_out",
    ),
    # --- operators hear of it --------------------------------------------------------------------
    Mutant(
        "an issuer that does not answer is not counted",
        f"{_SHARED}/authorities/remote/tokeninfo_client.py",
        "    return metrics.counted(Metric.AUTHORITY_UNREACHABLE, TemporarilyUnavailable)",
        "    return metrics.counted(Metric.AUTHORITY_UNREACHABLE, ZeroDivisionError)",
        "integration/test_alarms.py::test_an_alarm_rings_once_what_it_watches_has_lasted",
    ),
    Mutant(
        "after a restore feeds have the names that they had before",
        "tools/operate/restored_items.py",
        'row, version = self._whole[calendar_id], {"version": self._versions[calendar_id]}',
        "self._changed = entries.packed_style\n"
        "        row, version = self._whole[calendar_id], dict[str, str]()",
        "integration/test_restore.py::test_no_etag_from_before_the_restore_is_taken_for_a_state_after_it",
    ),
    Mutant(
        "a restore lets the revisions of events fall",
        "tools/operate/restored_items.py",
        ', "created": self._made_older(item)}',
        "}",
        "integration/test_restore.py::test_revisions_of_events_rise",
    ),
    Mutant(
        "a feed whose style is lost by a restore tells everything",
        "tools/operate/restored_items.py",
        "DEFAULT._replace(detail=Detail.MINIMAL)",
        "DEFAULT._replace(detail=Detail.FULL)",
        "integration/test_restore.py::test_a_feed_whose_style_is_lost_tells_the_least",
    ),
    Mutant(
        "an export without tokens makes calendars without any",
        "tools/operate/exported_rows.py",
        "if reasons and not found:",
        "if False:",
        "unit/test_exported_rows.py::test_calendars_whose_tokens_cannot_be_read_are_no_export",
    ),
    Mutant(
        "a deployment ends addresses of feeds by a parameter",
        "tools/deploy/fronts.py",
        "    after = _addresses(values, url)\n",
        "    after = _addresses(was, url)\n",
        "tooling/test_deploy.py::test_an_address_that_ends_has_to_be_named",
    ),
    Mutant(
        "what a token was revoked for is forgotten by a restore",
        "tools/operate/restored_items.py",
        "if short_id in subscribed and not marked:",
        "if not subscribed:",
        "integration/test_restore.py::test_a_token_that_only_the_backup_of_tokens_calls_revoked_is_in_no_feed",
    ),
    Mutant(
        "what many tokens would repeat is written out before it is refused",
        f"{_SHARED}/calendars/notifications.py",
        "        tokeninfo.check_size(size)\n",
        "",
        "integration/test_tokeninfo_notifications.py"
        "::test_a_calendar_that_many_tokens_would_repeat_is_refused_before_it_is_written_out",
    ),
    Mutant(
        "an ancestor that is revoked already is in conflict for ever",
        f"{_SHARED}/authorities/embedded/authority.py",
        "            if not is_done:\n",
        "            if True:\n",
        "integration/test_revoke_token.py::test_an_ancestor_may_be_revoked_once_more",
    ),
    Mutant(
        "another issuer is shown the old token of a request that was refused",
        f"{_SHARED}/authorities/remote/begun_use.py",
        "    if not caller.mytoken.rotates:\n",
        "    if True:\n",
        "integration/test_remote_authority.py"
        "::test_a_refused_request_whose_token_was_rotated_gives_the_successor_once_more",
    ),
    Mutant(
        "a request waits for a rotation that the issuer has refused",
        f"{_SHARED}/authorities/remote/begun_use.py",
        "            _note(calendars, caller, lasts=0)\n",
        "            pass\n",
        "integration/test_remote_authority.py"
        "::test_a_request_for_which_the_issuer_does_not_rotate_the_token_may_be_repeated_at_once",
    ),
    Mutant(
        "a new description takes a name away that was given meanwhile",
        f"{_SHARED}/aws/dynamodb/updates.py",
        "#unnamed = :was_unnamed AND ",
        "",
        "integration/test_overtaken.py"
        "::test_a_name_that_a_calendar_gets_meanwhile_is_its_title_whatever_describes_it",
    ),
    Mutant(
        "one counted change is a day of readings under its key",
        f"{_SHARED}/calendars/calendars.py",
        "            allowed(caller)\n",
        "            pass\n",
        "integration/test_idempotency_key.py::test_no_key_makes_one_change_a_day_of_readings",
    ),
    Mutant(
        "a list that no answer holds is a use of the token",
        f"{_SHARED}/tokens/tokeninfo.py",
        "> limits.ANSWER:",
        "> 99 * limits.ANSWER:",
        "integration/test_tokeninfo.py::test_more_mytokens_than_an_answer_holds_are_refused_before_the_token_is_used",
    ),
    # --- the feeds of a calendar ------------------------------------------------------------------
    Mutant(
        "a reset leaves the old address as it was",
        f"{_SHARED}/aws/dynamodb/settings.py",
        "            self._end(old, change),\n",
        "",
        "integration/test_calendar_feeds.py"
        "::test_a_reset_ends_the_old_address_and_the_new_one_serves_the_same",
    ),
    Mutant(
        "a feed that is made leaves the others at the version before",
        f"{_SHARED}/aws/dynamodb/updates.py",
        "[feed for feed in hashes if feed in old]",
        "[]",
        "integration/test_calendar_feeds.py"
        "::test_after_every_change_of_a_calendar_and_its_feeds_the_second_poll_is_unchanged",
    ),
    Mutant(
        "of two feeds that are made at once the calendar knows one",
        f"{_SHARED}/aws/dynamodb/updates.py",
        '"#feeds = :found AND #name = :name"',
        '"(#feeds = :found OR #name = :name)"',
        "reliability/test_races.py"
        "::test_feeds_that_are_made_while_tokens_are_added_show_all_of_them",
    ),
    Mutant(
        "a reset ends an address that has another style since",
        f"{_SHARED}/aws/dynamodb/settings.py",
        "            items.tombstone(change),\n"
        '            "#label = :found_label AND #style = :found_style",',
        "            items.tombstone(change),\n"
        '            "attribute_exists(#pk) OR (#label = :found_label AND #style = :found_style)",',
        "integration/test_overtaken.py"
        "::test_a_style_that_is_set_while_the_address_is_reset_is_that_of_the_new_address",
    ),
    Mutant(
        "a restore forgets everybody's tags",
        "tools/operate/restored_items.py",
        'elif item["sk"] == keys.TAGS:',
        'elif item["sk"] == keys.HEAD:',
        "integration/test_restore.py::test_items_of_every_kind_come_back",
    ),
    Mutant(
        "a mytoken that may add its descendants removes all others",
        f"{_SHARED}/calendars/removing.py",
        "elif not gone.is_below(caller.record.mom_id):",
        "elif not gone.mom_id:",
        "integration/test_remove_token.py"
        "::test_tokeninfo_notify_removes_no_other_token_and_learns_nothing_of_it",
    ),
    Mutant(
        "a calendar that is renamed again and again is not found",
        f"{_SHARED}/aws/dynamodb/rows.py",
        "raise CalendarNotFound if is_sure else Outdated",
        "raise CalendarNotFound",
        "unit/test_calendars_table.py::test_a_calendar_that_is_renamed_at_each_look_is_outdated_and_never_said_to_be_missing",
    ),
    Mutant(
        "a rename is half seen, time is up, and the calendar is said to be missing",
        f"{_SHARED}/aws/dynamodb/rows.py",
        "is_sure = len(names) == limits.LOOKS and ",
        "is_sure = ",
        "unit/test_calendars_table.py::test_a_calendar_is_not_said_to_be_missing_for_want_of_time",
    ),
    Mutant(
        "a deletion is half seen, time is up, and the feed is said to be missing",
        f"{_SHARED}/aws/dynamodb/feeds.py",
        "if len(looks) < limits.LOOKS:",
        "if not looks:",
        "unit/test_calendars_table.py::test_a_feed_is_not_said_to_be_missing_for_want_of_time",
    ),
    Mutant(
        "a token is added, and its ancestor's mark hides it",
        f"{_SHARED}/calendars/calendar.py",
        "if any(one in self.marks and self.marks[one][1] for",
        "if any(one in self.marks and not one for",
        "unit/test_calendars.py::test_what_an_ancestors_mark_hides_is_refused",
    ),
    Mutant(
        "a calendar that is renamed is not there for a moment",
        f"{_SHARED}/aws/dynamodb/rows.py",
        'if row["sk"].startswith(keys.ID) and calendar_id not in found:',
        'if row["sk"].startswith(keys.ID) and not found:',
        "unit/test_calendars_table.py"
        "::test_a_calendar_that_a_rename_hides_from_the_query_is_listed_beside_the_others",
    ),
    Mutant(
        "a reset feed forgets its style",
        f"{_SHARED}/feeds/settings.py",
        "new = old._replace(address=Address(feed_id, new_secret()))",
        "new = Settings(Address(feed_id, new_secret()), old.label)",
        "integration/test_calendar_feeds.py"
        "::test_a_reset_and_a_new_style_do_not_set_the_revision_back",
    ),
    Mutant(
        "the first feed of a calendar can be deleted",
        f"{_SHARED}/feeds/settings.py",
        "if feed.address == calendar.addresses[0]:",
        "if feed.address in calendar.addresses[1:]:",
        "integration/test_calendar_feeds.py::test_the_first_feed_is_not_deleted",
    ),
    Mutant(
        "a calendar has any number of feeds",
        f"{_SHARED}/feeds/settings.py",
        "if len(calendar.addresses) >= limits.FEEDS_OF_CALENDAR:",
        "if len(calendar.addresses) > limits.FEEDS_OF_CALENDAR:",
        "integration/test_calendar_feeds.py"
        "::test_a_calendar_has_at_most_twenty_feeds_and_a_deleted_one_makes_room",
    ),
    Mutant(
        "a new style counts as none",
        f"{_SHARED}/feeds/settings.py",
        "changes=old.style.changes + 1",
        "changes=old.style.changes",
        "integration/test_calendar_feeds.py"
        "::test_every_new_style_is_a_later_revision_of_the_events_also_the_way_back",
    ),
    Mutant(
        "a feed of least detail is called by the calendar's name",
        f"{_SHARED}/feeds/style.py",
        "return calendar if self.tells_names else MYTOKENS",
        "return calendar",
        "contract/test_feed_styles.py::test_a_style_tells_no_more_than_its_detail",
    ),
    Mutant(
        "a feed without comments tells the description",
        f"{_SHARED}/feeds/writer.py",
        'told = self.description if self.style.tells_comments else ""',
        "told = self.description",
        "contract/test_feed_styles.py::test_a_style_tells_no_more_than_its_detail",
    ),
    Mutant(
        "a file is called by the calendar's name, whatever its detail",
        f"{_SHARED}/http/feed_response.py",
        "_file_name(shown.title)",
        "_file_name(shown.name)",
        "integration/test_calendar_feeds.py"
        "::test_a_feed_of_least_detail_tells_nothing_of_calendar_and_tokens",
    ),
    Mutant(
        "a repeated request cannot tell which feed it has made",
        f"{_SHARED}/aws/dynamodb/receipts.py",
        'item["feed"] = receipt.feed_id',
        'item["feed"] = receipt.calendar_id',
        "integration/test_idempotency_key.py"
        "::test_a_repeated_request_has_the_same_answer_and_no_effect",
    ),
    Mutant(
        "a restored calendar has addresses that lead nowhere",
        "tools/operate/restored_items.py",
        '        "feeds": _feeds(row),\n',
        "",
        "integration/test_restore.py"
        "::test_of_a_change_that_a_backup_has_in_part_a_whole_calendar_is_left",
    ),
    Mutant(
        "a path with a wrong method does not exist behind a calendar",
        f"{_SHARED}/http/operation.py",
        "raise Routes.from_environment().refusal(request.method, request.path)",
        "raise errors.RouteNotFound",
        "integration/test_gateway.py"
        "::test_a_method_that_a_path_does_not_have_is_told_also_behind_the_slash_of_another",
    ),
    # --- tags and their names ---------------------------------------------------------------------
    Mutant(
        "a tag that gets the wished name meanwhile is there twice",
        f"{_SHARED}/calendars/wish.py",
        "if missing and any(found",
        "if not missing and any(found",
        "unit/test_tags.py::test_a_tag_that_gets_the_wished_name_meanwhile_is_not_there_twice",
    ),
    Mutant(
        "tags that are null are cleared",
        f"{_SHARED}/calendars/wish.py",
        "names = found if self.tags is None else [*self.tags]",
        "names = [*(self.tags or ())]",
        "unit/test_tags.py::test_tags_stay_unless_they_are_wished_for",
    ),
    Mutant(
        "a calendar that is renamed follows its description still",
        f"{_SHARED}/calendars/wish.py",
        "replace(new, name=self.name, is_unnamed=False)",
        "replace(new, name=self.name)",
        "unit/test_tags.py::test_a_calendar_that_nobody_has_named_is_so_until_it_is_renamed",
    ),
    Mutant(
        "a calendar has as many tags as its user",
        f"{_SHARED}/calendars/wish.py",
        "if len(wanted) > limits.TAGS_OF_CALENDAR:",
        "if len(wanted) > limits.TAGS:",
        "unit/test_tags.py::test_a_calendar_has_at_most_20_tags",
    ),
    Mutant(
        "naming a known tag makes a second one",
        f"{_SHARED}/calendars/tags.py",
        "        known = {tag.name for tag in self.by_id.values()}\n",
        "        known = set[str]()\n",
        "unit/test_tags.py::test_naming_a_tag_that_there_is_changes_nothing",
    ),
    Mutant(
        "a tag that is renamed is another one",
        f"{_SHARED}/calendars/tags.py",
        "new = Tag(old.id, wanted, painted)",
        "new = Tag(new_id(), wanted, painted)",
        "unit/test_tags.py::test_a_tag_that_is_renamed_stays_the_same_one",
    ),
    Mutant(
        "two tags get one name",
        f"{_SHARED}/calendars/tags.py",
        "if wanted != old.name and self.named([wanted]):",
        "if not wanted:",
        "unit/test_tags.py::test_a_tag_does_not_get_the_name_of_another",
    ),
    Mutant(
        "a user has as many tags as they like",
        f"{_SHARED}/calendars/tags.py",
        "if len(by_id) > limits.TAGS:",
        "if not by_id:",
        "unit/test_tags.py::test_a_user_has_at_most_100_tags",
    ),
    Mutant(
        "an empty colour is no colour",
        f"{_SHARED}/calendars/tags.py",
        "color is None else color or _color_of(wanted)",
        "color is None else color",
        "unit/test_tags.py::test_an_empty_colour_is_the_first_one_again",
    ),
    Mutant(
        "tags that another request makes meanwhile are written over",
        f"{_SHARED}/aws/dynamodb/tags.py",
        '"#version = :found", found=tags.version)',
        '"attribute_exists(#pk)")',
        "integration/test_tags.py::test_a_tag_that_another_request_makes_meanwhile_is_kept",
    ),
    Mutant(
        "tags that a calendar gets meanwhile are written over",
        f"{_SHARED}/aws/dynamodb/updates.py",
        "#tags = :found_tags AND",
        "(#tags = :found_tags OR attribute_exists(#tags)) AND",
        "integration/test_tags.py"
        "::test_tags_of_a_calendar_that_other_requests_change_meanwhile_are_all_there",
    ),
    Mutant(
        "a list reads the tags before the calendars",
        f"{_SHARED}/aws/dynamodb/calendars.py",
        "        found = self.table.get_all(keys.calendar(calendar.id) for calendar in named)\n"
        '        by_key = {item["pk"]: item for item in found}\n'
        "        owners_tags = self._tags_in(owner, *found)\n",
        "        owners_tags = self.tags(owner)\n"
        "        found = self.table.get_all(keys.calendar(calendar.id) for calendar in named)\n"
        '        by_key = {item["pk"]: item for item in found}\n',
        "integration/test_tags.py::test_a_list_has_the_tags_that_a_calendar_gets_meanwhile",
    ),
    Mutant(
        "a tag that is not seen yet leaves its calendar",
        f"{_SHARED}/aws/dynamodb/updates.py",
        "if has_lost_some else",
        "if not found else",
        "integration/test_tags.py::test_a_new_tag_stays_when_only_its_calendar_is_seen_yet",
    ),
    Mutant(
        "a tag that was deleted takes the place of another",
        f"{_SHARED}/calendars/tags.py",
        "tuple(self.by_id[one] for one in ids if one in self.by_id)",
        'tuple(self.by_id.get(one, Tag(one, one, "")) for one in ids)',
        "integration/test_tags.py::test_a_tag_that_was_deleted_makes_room",
    ),
    Mutant(
        "who has no name for a calendar is refused a taken one",
        f"{_SHARED}/calendars/calendars.py",
        "if calendar.is_unnamed:",
        "if not calendar.name:",
        "integration/test_create_without_a_name.py::test_of_two_at_once_each_gets_a_name",
    ),
    Mutant(
        "a change of tags uses the mytoken",
        f"{_SHARED}/calendars/tags.py",
        "caller.no_use(change)",
        "caller.use(change)",
        "integration/test_tags.py::test_tags_are_no_use_of_a_mytoken",
    ),
    Mutant(
        "tokeninfo tells of any token that is asked about",
        f"{_SHARED}/calendars/notifications.py",
        "yield reachable_token(caller, mom_id, Capability.READ_NOTIFY).mom_id",
        "yield mom_id",
        "integration/test_tokeninfo_notifications.py::test_who_does_not_asks_about_no_other_token",
    ),
    # --- pages ------------------------------------------------------------------------------------
    Mutant(
        "markup in a comment is markup of the page",
        f"{_SHARED}/pages/templates.py",
        "autoescape=True",
        "autoescape=False",
        "unit/test_page_templates.py::test_markup_in_names_and_comments_is_text",
    ),
    Mutant(
        "a word that a page lacks is nothing",
        f"{_SHARED}/pages/templates.py",
        "undefined=StrictUndefined,",
        "",
        "unit/test_page_templates.py::test_what_no_page_gives_fails",
    ),
    Mutant(
        "a page tells the names that its feed does not",
        f"{_SHARED}/pages/view.py",
        "    is_told = style.tells_names\n",
        "    is_told = True\n",
        "unit/test_page_view.py::test_a_page_tells_what_the_detail_of_its_feed_tells",
    ),
    Mutant(
        "a page tells the comments that its feed does not",
        f"{_SHARED}/pages/view.py",
        'printable(token.comment).strip() if style.tells_comments else ""',
        "printable(token.comment).strip()",
        "unit/test_page_view.py::test_a_page_tells_what_the_detail_of_its_feed_tells",
    ),
    Mutant(
        "a page tells the description that its feed does not",
        f"{_SHARED}/pages/view.py",
        'feed.description if feed.style.tells_comments else ""',
        "feed.description",
        "unit/test_page_view.py::test_a_page_tells_what_the_detail_of_its_feed_tells",
    ),
    Mutant(
        "a page of a feed of least detail is called by the calendar's name",
        f"{_SHARED}/pages/view.py",
        "printable(feed.style.title(writer.name))",
        "printable(writer.name)",
        "unit/test_page_view.py::test_a_page_tells_what_the_detail_of_its_feed_tells",
    ),
    Mutant(
        "what has just expired is ahead on its page",
        f"{_SHARED}/pages/view.py",
        "if one.at > now)",
        "if one.at >= now)",
        "unit/test_page_view.py::test_what_has_expired_is_apart_the_last_one_first",
    ),
    Mutant(
        "every month of a page has a grid",
        f"{_SHARED}/pages/view.py",
        "has_grid=n < limits.GRIDS",
        "has_grid=True",
        "unit/test_page_view.py::test_the_thirteenth_month_is_a_list",
    ),
    Mutant(
        "a name on a page has what cannot be sent",
        f"{_SHARED}/feeds/writer.py",
        "name = printable(token.name)",
        "name = token.name",
        "unit/test_page_view.py::test_whatever_a_name_holds_can_be_sent",
    ),
    Mutant(
        "search engines may keep a page",
        f"{_SHARED}/http/page_response.py",
        '"X-Robots-Tag": "noindex, nofollow",',
        '"X-Robots-Tag": "all",',
        "integration/test_view_calendar.py::test_a_page_has_exactly_the_headers_that_keep_it_safe",
    ),
    Mutant(
        "a page may run what stands in it",
        f"{_SHARED}/http/page_response.py",
        "script-src 'self'; ",
        "script-src 'self' 'unsafe-inline'; ",
        "integration/test_view_calendar.py::test_a_page_has_exactly_the_headers_that_keep_it_safe",
    ),
    Mutant(
        "a page may be kept",
        f"{_SHARED}/http/page_response.py",
        '"Cache-Control": "no-store",',
        '"Cache-Control": "private",',
        "integration/test_view_calendar.py::test_a_page_has_exactly_the_headers_that_keep_it_safe",
    ),
    Mutant(
        "a page tells other sites its address",
        f"{_SHARED}/http/page_response.py",
        '"Referrer-Policy": "no-referrer",',
        '"Referrer-Policy": "unsafe-url",',
        "integration/test_view_calendar.py::test_a_page_has_exactly_the_headers_that_keep_it_safe",
    ),
    Mutant(
        "a page that is gone is no page",
        f"{_SHARED}/http/page_response.py",
        "page = partial(operation, refused=refused)",
        "page = partial(operation)",
        "integration/test_view_calendar.py::test_a_deleted_calendar_is_a_page_that_is_gone",
    ),
    # --- deploying --------------------------------------------------------------------------------
    Mutant(
        "the issuer of a stack changes without a word",
        "tools/deploy/identity.py",
        "    if after.issuer != told:\n",
        "    if after.issuer != told != before.issuer:\n",
        "tooling/test_deploy.py::test_a_change_of_the_issuer_is_refused",
    ),
    Mutant(
        "an address of a resource that the template has no longer counts as unchanged",
        "tools/deploy/identity.py",
        "address = was.address if now.is_chosen_by_aws and stays else now.address",
        "address = was.address if now.address == then.address else now.address",
        "tooling/test_deploy.py"
        "::test_a_template_that_knows_a_parameter_no_longer_changes_no_issuer_silently",
    ),
    Mutant(
        "a signing key is left out without a word",
        "tools/deploy/identity.py",
        "    if lost and not after.server:",
        "    if lost and after.server:",
        "tooling/test_deploy.py::test_a_key_that_is_left_out_has_to_be_named",
    ),
    Mutant(
        "a deployment sends the defaults of parameters that are not named",
        "tools/deploy/__main__.py",
        "    return stack, named\n",
        "    return stack, values\n",
        "tooling/test_deploy.py"
        "::test_it_builds_and_then_deploys_only_the_parameters_that_are_named",
    ),
    Mutant(
        "a stack is built before its credentials are looked for",
        "tools/deploy/__main__.py",
        "    before, named = _checked(told, document)\n    built = told.built or sam.build()\n",
        "    built = told.built or sam.build()\n    before, named = _checked(told, document)\n",
        "tooling/test_deploy.py::test_without_credentials_it_ends_in_a_line_before_the_build",
    ),
    Mutant(
        "a stack is removed though another name was typed",
        "tools/deploy/remove.py",
        "    if typed != told.stack:",
        "    if not typed:",
        "tooling/test_deploy_remove.py::test_what_is_not_told_by_name_is_not_removed",
    ),
    Mutant(
        "the data of a stack that has served goes without its name",
        "tools/deploy/remove.py",
        "(stack.never_served and data.is_empty(k))",
        "stack.never_served or data.is_empty(k)",
        "tooling/test_deploy_remove.py::test_a_removed_stack_leaves_its_data_and_says_so_by_name",
    ),
    Mutant(
        "a failed deletion takes tables that hold something",
        "tools/deploy/remove.py",
        "(stack.never_served and data.is_empty(k))",
        "stack.never_served",
        "tooling/test_deploy_remove.py::test_a_failed_deletion_leaves_tables_that_hold_something",
    ),
    Mutant(
        "a removed stack takes the data of others",
        "tools/deploy/data.py",
        '        and resource["LogicalResourceId"] in _OURS\n',
        "",
        "tooling/test_deploy_remove.py::test_data_that_is_none_of_ours_stays",
    ),
    Mutant(
        "a value of a parameter sets another one",
        "tools/deploy/parameters.py",
        "|ParameterKey=",
        "",
        "tooling/test_deploy.py::test_what_the_template_refuses_is_refused_before_the_build",
    ),
    # --- the start of a function ------------------------------------------------------------------
    Mutant(
        "a start looks for garbage",
        f"{_SHARED}/__init__.py",
        "gc.set_threshold(1_000_000)",
        "gc.set_threshold(1_000)",
        "unit/test_operation.py"
        "::test_garbage_is_collected_from_the_first_request_on_but_not_among_what_was_loaded",
    ),
    Mutant(
        "a function collects no garbage",
        f"{_SHARED}/http/operation.py",
        "    gc.set_threshold(*COLLECTS_AFTER)\n",
        "",
        "unit/test_operation.py"
        "::test_garbage_is_collected_from_the_first_request_on_but_not_among_what_was_loaded",
    ),
    # --- fronts of feeds --------------------------------------------------------------------------
    Mutant(
        "a path is taken as a URL hands it on",
        f"{_SHARED}/http/function_url.py",
        'unquote(event.get("rawPath", ""), errors="replace")',
        'event.get("rawPath", "")',
        "integration/test_function_url.py::test_a_feeds_address_is_answered_as_by_the_api",
    ),
    Mutant(
        "a path is decoded twice",
        f"{_SHARED}/http/function_url.py",
        'unquote(event.get("rawPath", ""), errors="replace")',
        'unquote(unquote(event.get("rawPath", "")), errors="replace")',
        "integration/test_function_url.py::test_a_feeds_address_is_answered_as_by_the_api",
    ),
    Mutant(
        "a decoded ? stays in the path of a URL",
        f"{_SHARED}/http/function_url.py",
        '.partition("?")[0]\n            if method',
        "\n            if method",
        "integration/test_function_url.py::test_each_spelling_of_an_address_is_the_feed",
    ),
    Mutant(
        "a URL answers no preflight",
        f"{_SHARED}/http/function_url.py",
        'if method == "OPTIONS" and',
        'if method == "TRACE" and',
        "integration/test_function_url.py::test_a_feeds_address_is_answered_as_by_the_api",
    ),
    Mutant(
        "a URL serves what is no feed",
        f"{_SHARED}/http/function_url.py",
        "from_environment(below=FEEDS_PATH)",
        "from_environment()",
        "integration/test_function_url.py::test_what_is_no_feed_is_not_found",
    ),
    Mutant(
        "the URL of feeds serves pages as feeds",
        f"{_SHARED}/http/function_url.py",
        "chosen = handler if route.template in own else elsewhere",
        "chosen = handler",
        "integration/test_function_url.py::test_pages_are_at_the_api",
    ),
    Mutant(
        "a page is led to with a path that is not escaped",
        f"{_SHARED}/http/function_url.py",
        'path = quote(request.path, errors="replace")',
        "path = request.path",
        "integration/test_function_url.py::test_the_page_of_a_feed_is_at_the_same_path",
    ),
    Mutant(
        "calendars name the host of the API for feeds",
        f"{_SHARED}/http/request.py",
        'stage.get("feedUrl", stage["publicUrl"])',
        'stage["publicUrl"]',
        "integration/test_function_url.py::test_the_addresses_of_feeds_are_at_their_host",
    ),
    Mutant(
        "where the API is is asked each time",
        f"{_SHARED}/aws/public_url.py",
        "@cached_property",
        "@property",
        "integration/test_function_url.py::test_where_the_api_is_is_asked_once",
    ),
    Mutant(
        "a URL that is open lacks the second permission",
        "template.yaml",
        '      Principal: "*"\n      InvokedViaFunctionUrl: true',
        '      Principal: "*"',
        "contract/test_fronts.py::test_each_caller_of_a_url_has_both_permissions_and_no_other_has_any",
    ),
    Mutant(
        "the URL behind CloudFront is open",
        "template.yaml",
        "!If [HasOpenUrl, NONE, AWS_IAM]",
        "NONE",
        "contract/test_fronts.py::test_a_url_is_open_if_it_is_a_front_of_its_own",
    ),
    Mutant(
        "CloudFront does not sign",
        "template.yaml",
        "SigningBehavior: always",
        "SigningBehavior: never",
        "contract/test_fronts.py::test_cloudfront_signs_every_request_to_each_origin",
    ),
    Mutant(
        "CloudFront keeps feeds",
        "template.yaml",
        "\n          CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad  # CachingDisabled",
        "\n          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6  # CachingOptimized",
        "contract/test_fronts.py::test_cloudfront_keeps_nothing",
    ),
    Mutant(
        "a former front dies",
        "template.yaml",
        "    - !Condition HasFeedsAtUrl\n    - !Equals [!Ref FormerFeedFronts, url]\n",
        "    - !Condition HasFeedsAtUrl\n",
        "contract/test_fronts.py::test_a_front_serves_on_while_it_is_named",
    ),
    Mutant(
        "a function that Lambda throttles has failed",
        "template.yaml",
        ' && $.lambda != "429" }',
        " }",
        "integration/test_alarms.py::test_a_function_that_lambda_throttles_has_not_failed",
    ),
    Mutant(
        "counted lines hold a message",
        "template.yaml",
        '"lambda":"$context.integrationStatus"',
        '"error":"$context.integrationErrorMessage"',
        "contract/test_template.py::test_the_access_log_has_no_secret_path_and_no_text_that_is_free",
    ),
    Mutant(
        "a metric has another dimension",
        f"{_SHARED}/aws/metrics.py",
        '"Dimensions": [["service"]]',
        '"Dimensions": [[]]',
        "unit/test_metrics.py::test_a_line_is_the_one_that_powertools_writes",
    ),
]
