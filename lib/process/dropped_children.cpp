//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/dropped_children.hpp"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace strait::detail {

namespace {

struct dropped_list {
    std::mutex mutex;
    std::vector<os::child> children;

    // Never destroyed: a process object in static storage may be destroyed later than anything.
    static dropped_list& instance() {
        static dropped_list& list = *std::make_unique<dropped_list>().release();
        return list;
    }

    void reap() {
        std::erase_if(children, [](os::child& c) {
            error_code ec;
            return c.try_wait(ec) || ec;
        });
    }
};

}  // namespace

void drop_child(os::child c) noexcept {
    try {
        dropped_list& list = dropped_list::instance();
        const std::lock_guard lock(list.mutex);
        list.children.push_back(std::move(c));
        list.reap();
    } catch (...) {
        // Without memory it stays on the process table until this process ends.
    }
}

void reap_dropped_children() noexcept {
    try {
        dropped_list& list = dropped_list::instance();
        const std::lock_guard lock(list.mutex);
        list.reap();
    } catch (...) {
        // Without memory for the list there is nobody on it.
    }
}

}  // namespace strait::detail
