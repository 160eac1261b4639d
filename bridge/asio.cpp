// SPDX-License-Identifier: MPL-2.0
// The separate-compilation sources of Asio and Beast, built once for the whole program.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
