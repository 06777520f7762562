//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/machine.hpp"

#include <boost/version.hpp>

#include <fstream>
#include <sched.h>
#include <sys/utsname.h>
#include <thread>

namespace bench {

namespace {

// What the process was allowed to use at first.
const cpu_set_t& allowed_cpus() {
    static const cpu_set_t first = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        sched_getaffinity(0, sizeof(set), &set);
        return set;
    }();
    return first;
}

std::string cpu_model() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown CPU";
}

}  // namespace

const char* to_string(placement where) noexcept {
    return where == placement::one_cpu ? "one CPU" : "spread";
}

void place(placement where) {
    cpu_set_t set = allowed_cpus();
    if (where == placement::one_cpu) {
        int last = CPU_SETSIZE - 1;
        while (last > 0 && !CPU_ISSET(last, &allowed_cpus())) --last;
        CPU_ZERO(&set);
        CPU_SET(last, &set);
    }
    sched_setaffinity(0, sizeof(set), &set);
}

std::string machine_text() {
    utsname system{};
    uname(&system);
    return cpu_model() + ", " + std::to_string(CPU_COUNT(&allowed_cpus())) + " CPUs, " +
           system.sysname + " " + system.release;
}

std::string build_text() {
#if defined(__clang__)
    std::string text = "clang " __clang_version__;
#else
    std::string text = "g++ " __VERSION__;
#endif
#if defined(NDEBUG) && defined(__OPTIMIZE__)
    text += ", optimised";
#else
    text += ", NOT optimised";
#endif
    return text + ", Boost " + std::to_string(BOOST_VERSION / 100000) + "." +
           std::to_string(BOOST_VERSION / 100 % 1000);
}

}  // namespace bench
