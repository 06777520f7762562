//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_RAW_HPP
#define STRAIT_BENCH_SUPPORT_RAW_HPP

#include <strait/handle.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

// The floor: what the system does without the library. Every function throws system_error.

namespace bench::raw {

// What errno says of that function.
[[noreturn]] void fail(const char* what);

std::pair<strait::handle, strait::handle> socket_pair();

// All of the bytes, in as many calls as it takes.
void write_all(const strait::handle& to, std::span<const std::byte> bytes);
void read_all(const strait::handle& from, std::span<std::byte> bytes);

// One read; returns its bytes.
std::size_t read_some(const strait::handle& from, std::span<std::byte> bytes);

// The bytes with descriptors riding on them, at most 253.
void send_with(const strait::handle& to, std::span<const std::byte> bytes,
    std::span<const strait::handle> riding);

// The bytes, and what rode on them.
std::vector<strait::handle> recv_with(const strait::handle& from, std::span<std::byte> bytes);

}  // namespace bench::raw

#endif
