// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "bridge/config/problem.hpp"

namespace smsbridge::bridge {

// Why an object is not made, changed or removed. Nothing was changed.
struct ObjectError {
  enum class Why {
    managed_by_file,  // it stands in the configuration file
    is_there,         // and should be made
    is_not_there,     // and should be changed or removed
    revision_needed,  // whoever changes it has to say which one he saw
    changed_since,    // it is another one than that
    wrong,            // the settings are: see `mistakes`
    stays,            // this of it cannot change
    needed,           // somebody needs it as it is
    not_kept,         // the store did not take it
  } why = Why::wrong;
  std::string detail;
  struct Mistake {
    std::string pointer;  // JSON pointer into the settings
    std::string code, text;
  };
  std::vector<Mistake> mistakes;
};

ObjectError refusal(ObjectError::Why why, std::string detail);
// Of what is wrong with settings; warnings alone are no error.
std::optional<ObjectError> error_of(const std::vector<ConfigProblem>& problems);

}  // namespace smsbridge::bridge
