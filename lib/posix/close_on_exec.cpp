//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/close_on_exec.hpp"

#if !defined(STRAIT_LINUX)

#include <new>

#include <pthread.h>

namespace strait::detail::os {
namespace {

alignas(std::shared_mutex) unsigned char place[sizeof(std::shared_mutex)];

// A forked child has none of the threads that held the parent's.
void make_mutex() { ::new (place) std::shared_mutex; }

}  // namespace

std::shared_mutex& exec_mutex() noexcept {
    [[maybe_unused]] static const bool made = [] {
        make_mutex();
        return ::pthread_atfork(nullptr, nullptr, make_mutex) == 0;
    }();
    return *std::launder(reinterpret_cast<std::shared_mutex*>(place));
}

}  // namespace strait::detail::os

#endif
