// SPDX-License-Identifier: MPL-2.0
#pragma once
// What several providers need to write requests, read replies and take callbacks, by subject.
#include "http_gateways/callback_fields.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/e164.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/readable.hpp"
#include "http_gateways/reply.hpp"
