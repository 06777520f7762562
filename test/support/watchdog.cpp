//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/watchdog.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <execinfo.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

namespace strait::test {

namespace {

sem_t stack_printed;

// backtrace loads a library on its first call, which a signal handler must not.
void prepare_backtrace() {
    void* frame = nullptr;
    ::backtrace(&frame, 1);
}

// Runs in the thread that hangs.
void print_stack(int) {
    std::array<void*, 64> frames;
    const int count = ::backtrace(frames.data(), static_cast<int>(frames.size()));
    ::backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
    ::sem_post(&stack_printed);
}

}  // namespace

std::chrono::seconds patience() {
    const char* given = std::getenv("STRAIT_TEST_SECONDS");
    return std::chrono::seconds(given == nullptr ? 120 : std::atoi(given));
}

watchdog::watchdog(std::string what, std::chrono::milliseconds limit)
    : what_(std::move(what)), limit_(limit), watched_(::pthread_self()), thread_([this] {
          prepare_backtrace();
          watch();
      }) {}

watchdog::~watchdog() {
    {
        const std::lock_guard lock(mutex_);
        done_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void watchdog::watch() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit_, [this] { return done_; })) bark();
}

void watchdog::bark() {
    std::fprintf(
        stderr, "watchdog: %s has not ended after %lld ms; its stack:\n", what_.c_str(),
        static_cast<long long>(limit_.count()));
    ::sem_init(&stack_printed, 0, 0);
    std::signal(SIGUSR2, &print_stack);
    ::pthread_kill(watched_, SIGUSR2);
    timespec until{};
    ::clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    ::sem_timedwait(&stack_printed, &until);
    // Boost.Test's handler would jump into the stack of another thread.
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

}  // namespace strait::test
