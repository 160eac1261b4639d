// SPDX-License-Identifier: MPL-2.0
#pragma once

namespace smsbridge::bridge {

struct DaemonOptions;
struct DemoOptions;

// What needs the App: the tests of the command line are built without it. Both return the exit code.
struct Programs {
  int (*serve)(const DaemonOptions&);
  int (*demo)(const DemoOptions&);
};

// Does what the arguments of main() say, and returns the exit code.
int command_line(int argc, char** argv, const Programs& programs);

}  // namespace smsbridge::bridge
