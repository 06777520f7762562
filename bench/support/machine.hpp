//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_MACHINE_HPP
#define STRAIT_BENCH_SUPPORT_MACHINE_HPP

#include <string>

namespace bench {

// Where the processes of a measurement run. One CPU for both is the steadier figure, since it does
// not depend on how quickly another CPU wakes up; spread is what most programs meet.
enum class placement { one_cpu, spread };

const char* to_string(placement where) noexcept;

// Applies to this process and to those it starts later.
void place(placement where);

std::string machine_text();
std::string build_text();

}  // namespace bench

#endif
