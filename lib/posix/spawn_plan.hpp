//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_SPAWN_PLAN_HPP
#define STRAIT_LIB_POSIX_SPAWN_PLAN_HPP

#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <vector>

#include <spawn.h>

namespace strait::detail::os {

// What posix_spawn does in the child before the program: the file actions and the attributes. The
// first step that cannot be recorded throws system_error.
//
// The order of calls is that of the steps.
class spawn_plan {
public:
    // The child will use the numbers below `first_free`.
    explicit spawn_plan(int first_free);
    ~spawn_plan();
    spawn_plan(const spawn_plan&) = delete;
    spawn_plan& operator=(const spawn_plan&) = delete;

    void change_directory(const char* path);
    void open_null_device(int number);

    // `source` becomes `number` in the child, and stays open when the program starts.
    void place(int source, int number);

    // Closes, 0 to 2 aside, what was not placed. Twins: spawn_plan_linux.cpp, where nothing else
    // can be inherited (glibc 2.34 or newer), and spawn_plan_portable.cpp.
    void close_others();

    const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
    const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

private:
    static void check(int error_number, const char* what);
    void set_signals();

    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
    int first_free_;
    std::vector<handle> moved_;
    std::vector<bool> used_;
};

}  // namespace strait::detail::os

#endif
