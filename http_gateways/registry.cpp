// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/africastalking.hpp"
#include "http_gateways/android_smsgate.hpp"
#include "http_gateways/frontlinesms.hpp"
#include "http_gateways/generic/generic.hpp"
#include "http_gateways/infobip.hpp"
#include "http_gateways/jasmin.hpp"
#include "http_gateways/kannel.hpp"
#include "http_gateways/telerivet.hpp"
#include "http_gateways/twilio.hpp"
#include "http_gateways/vonage_messages.hpp"
#include "http_gateways/vonage_sms.hpp"

namespace smsbridge::http_gateways {

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {twilio,       vonage_sms,     vonage_messages, telerivet,
                                        frontlinesms, africastalking, infobip,         android_smsgate,
                                        kannel,       jasmin,         generic};
  return all;
}

}  // namespace smsbridge::http_gateways
