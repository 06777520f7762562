//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_HOSTILE_TRIAL_HPP
#define STRAIT_TEST_HOSTILE_TRIAL_HPP

#include "support/child_process.hpp"
#include "support/leak_check.hpp"
#include "support/sanitized.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include <sys/types.h>

// Rounds of something that is different each time. STRAIT_ROUNDS says how many; STRAIT_SEED is the seed of the
// first one, and one more that of the next, so that the round with the seed s is had again by
// STRAIT_SEED=s STRAIT_ROUNDS=1. tools/soak runs many.

namespace strait::test {

using random_source = std::mt19937_64;

inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* given = std::getenv(name);
    return given == nullptr ? otherwise : std::strtoull(given, nullptr, 0);
}

// What processes killed during the test could leave on disk lies here: it is the folder for
// temporary files of this process and of its children.
class private_folder {
public:
    private_folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "hostile-XXXXXX").native();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        path_ = pattern;
        for (const char* name : variables) {
            const char* old = std::getenv(name);
            before_[old_count_++] = old == nullptr ? std::string() : old;
            ::setenv(name, pattern.c_str(), 1);
        }
    }
    ~private_folder() {
        for (std::size_t i = 0; i != old_count_; ++i) {
            if (before_[i].empty())
                ::unsetenv(variables[i]);
            else
                ::setenv(variables[i], before_[i].c_str(), 1);
        }
        std::filesystem::remove_all(path_);
    }
    private_folder(const private_folder&) = delete;
    private_folder& operator=(const private_folder&) = delete;

    std::string operator/(const char* name) const { return (path_ / name).native(); }

    std::string content() const {
        std::string all;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path_))
            all += entry.path().native() + '\n';
        return all;
    }

private:
    static constexpr const char* variables[] = {"TMPDIR", "XDG_RUNTIME_DIR"};

    std::filesystem::path path_;
    std::string before_[2];
    std::size_t old_count_ = 0;
};

// Names of strait's where memory may have names. Other programs on this machine make some for an
// instant, so that only what stays counts.
inline void expect_no_names_of_memory() {
    const auto are_there = [] {
        std::error_code ec;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ec)) {
            const std::string name = entry.path().filename().native();
            if (name.find("strait") != std::string::npos || name.starts_with("st-")) return true;
        }
        return false;
    };
    while (are_there()) std::this_thread::yield();
}

inline const exit_status killed{-1, SIGKILL};

class trial {
public:
    std::uint64_t kills = 0;
    std::uint64_t messages = 0;

    trial(const char* what, std::uint64_t rounds)
        : what_(what),
          rounds_(from_environment("STRAIT_ROUNDS", is_sanitized ? rounds / 5 + 1 : rounds)),
          seed_(from_environment("STRAIT_SEED", std::random_device{}())) {
        std::cout << what_ << ": STRAIT_SEED=" << seed_ << std::endl;
    }

    // Each round leaves this process and the disk as it found them.
    template <class Round>
    void run(Round round) {
        for (std::uint64_t i = 0; i != rounds_; ++i) {
            BOOST_TEST_CONTEXT("STRAIT_SEED=" << seed_ + i << " STRAIT_ROUNDS=1") {
                random_source random(seed_ + i);
                const resources before = resources::held();
                round(random);
                const std::string changed = difference(before, resources::held());
                BOOST_TEST_REQUIRE(changed == "");
                BOOST_TEST_REQUIRE(folder.content() == "");
            }
        }
        expect_no_names_of_memory();
        std::cout << what_ << ": " << rounds_ << " rounds, " << kills << " kills, " << messages
                  << " messages" << std::endl;
    }

    void count(const exit_status& ended) { kills += ended == killed; }

    const private_folder folder;

private:
    const char* what_;
    std::uint64_t rounds_;
    std::uint64_t seed_;
};

// Kills a process at some moment within the next milliseconds: rather soon than late, and sometimes
// stopping it first; or after what is waited for. The process may be waited for when this object is gone.
class doom {
public:
    doom(pid_t victim, random_source& random, std::function<void()> await = [] {})
        : thread_([victim, first = some_time(random), second = some_time(random),
                      stops = random() % 3 == 0, wait = std::move(await)] {
              wait();
              std::this_thread::sleep_for(first);
              if (stops) {
                  ::kill(victim, SIGSTOP);
                  std::this_thread::sleep_for(second);
              }
              ::kill(victim, SIGKILL);
          }) {}
    ~doom() { thread_.join(); }
    doom(const doom&) = delete;
    doom& operator=(const doom&) = delete;

private:
    static std::chrono::microseconds some_time(random_source& random) {
        return std::chrono::microseconds(random() % (2u << (random() % 13)));
    }

    std::thread thread_;
};

}  // namespace strait::test

#endif
