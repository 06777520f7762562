//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef WORD_COUNT_SUPERVISOR_HPP
#define WORD_COUNT_SUPERVISOR_HPP

#include "messages.hpp"
#include "progress.hpp"
#include "tally.hpp"

#include <strait/process.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace word_count {

struct options {
    std::size_t workers = 2;
    bool kill = false;  // workers, at random, to show that nothing is lost
};

// Has the files counted by worker processes. A worker that dies is replaced, and what it had not
// answered is sent again, to whoever is free.
class supervisor {
public:
    supervisor(std::vector<std::filesystem::path> files, const options& o);

    // Blocks until all is counted. Throws what went wrong.
    const tally& run();

private:
    struct worker;

    boost::asio::awaitable<void> keep_worker(std::size_t place);
    boost::asio::awaitable<void> watch(std::shared_ptr<worker> w);
    boost::asio::awaitable<void> feed(worker& w);
    boost::asio::awaitable<bool> collect(worker& w);
    void kill_someone();

    std::vector<std::filesystem::path> files_;
    options options_;
    boost::asio::io_context context_;
    std::deque<std::uint32_t> to_do_;
    std::vector<std::shared_ptr<worker>> workers_;
    std::multiset<std::size_t> kill_when_done_;  // counts of files
    std::mt19937 random_{std::random_device{}()};
    tally tally_;
    progress progress_;
};

}  // namespace word_count

#endif
