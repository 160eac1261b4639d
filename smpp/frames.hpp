// SPDX-License-Identifier: MPL-2.0
// The layouts of headers and bodies, field by field: reads through a Reader, writes through a Writer. Private to
// pdu.cpp.
#pragma once

#include "smpp/pdu.hpp"
#include "smpp/pdu_reader.hpp"
#include "smpp/pdu_writer.hpp"

namespace smsbridge::smpp {

// For a Reader and what it fills, and for a Writer and what it takes as const.
template <class Io, class P>
void header_frame(Io& io, P& pdu);
template <class Io, class P>
void bind_frame(Io& io, P& pdu);
template <class Io, class P>
void bind_resp_frame(Io& io, P& pdu);
template <class Io, class P>
void outbind_frame(Io& io, P& pdu);
template <class Io, class P>
void submit_sm_frame(Io& io, P& pdu);
template <class Io, class P>
void deliver_sm_frame(Io& io, P& pdu);
template <class Io, class P>
void deliver_sm_received_frame(Io& io, P& pdu);
template <class Io, class P>
void data_sm_frame(Io& io, P& pdu);
template <class Io, class P>
void submit_sm_resp_frame(Io& io, P& pdu);
template <class Io, class P>
void deliver_sm_resp_frame(Io& io, P& pdu);
template <class Io, class P>
void data_sm_resp_frame(Io& io, P& pdu);
template <class Io, class P>
void submit_multi_frame(Io& io, P& pdu);
template <class Io, class P>
void submit_multi_resp_frame(Io& io, P& pdu);
template <class Io, class P>
void query_sm_frame(Io& io, P& pdu);
template <class Io, class P>
void query_sm_resp_frame(Io& io, P& pdu);
template <class Io, class P>
void cancel_sm_frame(Io& io, P& pdu);
template <class Io, class P>
void replace_sm_frame(Io& io, P& pdu);
template <class Io, class P>
void alert_notification_frame(Io& io, P& pdu);

}  // namespace smsbridge::smpp
