// SPDX-License-Identifier: MPL-2.0
// Written by generate/locales.mjs from CLDR 48.0 (Unicode License v3); do not edit.
#include "bridge/text/locale.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr Locale all[] = {
    {"en",
     ".",
     ",",
     3,
     3,
     4,
     true,
     "{dd}/{mm}/{y}",
     "{d} {m} {y}",
     "{d} {m} {y}",
     {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"},
     {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December"}},
    {"fr",
     ",",
     " ",
     3,
     3,
     4,
     false,
     "{dd}/{mm}/{y}",
     "{d} {m} {y}",
     "{d} {m} {y}",
     {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
     {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
      "décembre"}},
    {"es",
     ",",
     ".",
     3,
     3,
     5,
     false,
     "{d}/{n}/{yy}",
     "{d} {m} {y}",
     "{d} de {m} de {y}",
     {"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"},
     {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
      "diciembre"}},
    {"sw",
     ".",
     ",",
     3,
     3,
     4,
     true,
     "{dd}/{mm}/{y}",
     "{d} {m} {y}",
     "{d} {m} {y}",
     {"Jan", "Feb", "Mac", "Apr", "Mei", "Jun", "Jul", "Ago", "Sep", "Okt", "Nov", "Des"},
     {"Januari", "Februari", "Machi", "Aprili", "Mei", "Juni", "Julai", "Agosti", "Septemba", "Oktoba", "Novemba",
      "Desemba"}},
    {"hi",
     ".",
     ",",
     3,
     2,
     4,
     true,
     "{d}/{n}/{yy}",
     "{d} {m} {y}",
     "{d} {m} {y}",
     {"जन॰", "फ़र॰", "मार्च", "अप्रैल", "मई", "जून", "जुल॰", "अग॰", "सित॰", "अक्टू॰", "नव॰", "दिस॰"},
     {"जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"}},
};

constexpr CurrencyDigits not_two[] = {
    {"AFN", 0}, {"ALL", 0}, {"BHD", 3}, {"BIF", 0}, {"CLP", 0}, {"COP", 0}, {"DJF", 0}, {"GNF", 0},
    {"HUF", 0}, {"IDR", 0}, {"IQD", 0}, {"IRR", 0}, {"ISK", 0}, {"JOD", 3}, {"JPY", 0}, {"KMF", 0},
    {"KPW", 0}, {"KRW", 0}, {"KWD", 3}, {"LAK", 0}, {"LBP", 0}, {"LYD", 3}, {"MGA", 0}, {"MMK", 0},
    {"OMR", 3}, {"PKR", 0}, {"PYG", 0}, {"RWF", 0}, {"SLL", 0}, {"SOS", 0}, {"SYP", 0}, {"TND", 3},
    {"UGX", 0}, {"VND", 0}, {"VUV", 0}, {"XAF", 0}, {"XOF", 0}, {"XPF", 0}, {"YER", 0},
};

}  // namespace

std::span<const Locale> locales() { return all; }
std::span<const CurrencyDigits> currencies_without_two_digits() { return not_two; }

}  // namespace smsbridge::bridge::text
