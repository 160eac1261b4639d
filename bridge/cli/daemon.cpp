// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/daemon.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>
#include <iostream>

#include "bridge/app.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/env/log.hpp"
#include "bridge/env/process.hpp"
#include "store/guard.hpp"

namespace smsbridge::bridge {
namespace {

// Until a signal, or the end of the store.
int run(const Config& config, boost::asio::io_context& io, boost::asio::signal_set& signals) {
  SystemClock clock;
  SystemConnector connector;
  const auto began = clock.now();
  App app(config, clock, connector);
  app.on_broken_store([&io] { boost::asio::post(io, [&io] { io.stop(); }); });
  app.start();
  store::set_damage_exit_code(exit_storage);
  log::info("serve", "ready", "api", config.api.host + ":" + std::to_string(app.api_port()), "fineract",
            config.fineract.host + ":" + std::to_string(app.fineract_port()), "store", config.store_path.string(),
            "seconds", std::chrono::duration<double>(clock.now() - began).count());
  // What came since the beginning is answered now.
  const std::function<void()> wait_for_signal = [&] {
    signals.async_wait([&](boost::system::error_code, int signal) {
      if (signal != SIGHUP) return log::info("serve", "stopping", "signal", signal);
      app.reload();
      wait_for_signal();
    });
  };
  wait_for_signal();
  io.run();
  app.stop();
  if (!app.store().is_broken()) return exit_done;
  log::error("serve", "ends, because its store can write nothing more; started anew it goes on", "store",
             config.store_path.string());
  return exit_storage;
}

std::string no_thread(const std::string& why) {
  return "no thread can be made: " + why + ". Raise the number of processes: ulimit -u, or TasksMax of the unit";
}

}  // namespace

int run_daemon(const DaemonOptions& options) {
  process::ignore_broken_pipes();
  boost::asio::io_context io;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM, SIGHUP);
  process::let_signals_in();
  auto loaded = load_config(options.config_file);
  for (const auto& problem : loaded.problems) std::cerr << describe(problem) << "\n";
  if (!loaded.ok()) return exit_bad_config;
  const auto& config = loaded.config;
  const auto refuse = [](int code, const std::string& why) {
    std::cerr << "error: " << why << "\n";
    return code;
  };
  int result = exit_done;
  try {
    log::set_up(options.log_level.empty() ? config.log_level : options.log_level,
                options.log_format.empty() ? config.log_format : options.log_format);
    log::show_full_numbers(config.log_full_numbers);
    process::raise_open_files_limit();
    if (!config.core_dumps) process::forbid_core_dumps();
    result = run(config, io, signals);
  } catch (const store::OpenError& error) {
    return refuse(exit_bad_config, error.what());
  } catch (const SealError& error) {
    return refuse(exit_bad_config, error.what());
  } catch (const ListenError& error) {
    return refuse(exit_failed, error.what());
  } catch (const std::system_error& error) {
    return refuse(exit_failed, no_thread(error.code().message()));
  } catch (const boost::system::system_error& error) {
    return refuse(exit_failed, no_thread(error.code().message()));
  } catch (const spdlog::spdlog_ex& error) {
    return refuse(exit_failed, std::string("the log cannot be set up: ") + error.what());
  }
  log::info("serve", "stopped");
  spdlog::shutdown();
  return result;
}

}  // namespace smsbridge::bridge
