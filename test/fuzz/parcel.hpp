//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_FUZZ_PARCEL_HPP
#define STRAIT_TEST_FUZZ_PARCEL_HPP

#include <strait/receiver.hpp>
#include <strait/sender.hpp>
#include <strait/shared_memory.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace strait::fuzz {

using number = std::uint64_t;

// A value with attachments of all kinds.
struct parcel {
    number mark = 0;
    std::string text;
    std::vector<handle> handles;
    std::vector<sender<number>> senders;
    std::vector<receiver<number>> receivers;
    shared_memory memory;
    shared_span<> part;
};

// Uses what was received, as a program would, a little.
void use(parcel& p);

}  // namespace strait::fuzz

#endif
