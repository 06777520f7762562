//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_WATCHDOG_HPP
#define STRAIT_TEST_SUPPORT_WATCHDOG_HPP

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include <pthread.h>

namespace strait::test {

// What a test case, and a process in a role, may take: two minutes, or STRAIT_TEST_SECONDS, where the
// machine has something better to do.
std::chrono::seconds patience();

// Ends the process, with SIGABRT, unless destroyed in time: it prints what hangs and the stack of
// the thread that made the watchdog. Every test case runs under one.
class watchdog {
public:
    explicit watchdog(std::string what, std::chrono::milliseconds limit = patience());
    ~watchdog();
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

private:
    void watch();
    [[noreturn]] void bark();

    std::string what_;
    std::chrono::milliseconds limit_;
    pthread_t watched_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false;
    std::thread thread_;
};

}  // namespace strait::test

#endif
