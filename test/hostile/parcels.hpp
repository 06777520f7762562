//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_HOSTILE_PARCELS_HPP
#define STRAIT_TEST_HOSTILE_PARCELS_HPP

#include "contract/two_processes.hpp"

#include <strait/loan.hpp>
#include <strait/shared_memory.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

// Messages of everything that a channel carries. What is in one is known from who sent it and its number, so that
// whoever receives it can say whether it is whole.

namespace strait::test {

struct parcel {
    std::uint64_t from = 0;
    std::uint64_t number = 0;  // of those from there
    std::string text;
    shared_memory memory;
    shared_span<std::uint64_t> span;
    std::vector<handle> files;                 // pipes that hold their place in the list
    std::optional<sender<note>> answer_to;     // wants a note with the same number
    std::optional<receiver<note>> collection;  // holds notes 0, 1, 2 and, if it is closed, the end
    bool is_closed = true;
};

struct contents {
    std::size_t text_bytes;
    std::size_t memory_bytes;
    std::size_t span_length;
    std::size_t files;
    bool answer;
    bool collection;

    static contents of(std::uint64_t from, std::uint64_t number) {
        std::mt19937_64 random(from * 1'000'003 + number);
        const std::size_t texts[] = {0, 10, 10, 1000, 5000, 20'000, 40'000, 200'000};
        const std::size_t memories[] = {0, 0, 0, 1, 5000, 70'000};
        const std::size_t lengths[] = {0, 0, 0, 10, 1000, 12'000};
        contents c{};
        c.text_bytes = texts[random() % std::size(texts)];
        c.memory_bytes = memories[random() % std::size(memories)];
        c.span_length = lengths[random() % std::size(lengths)];
        c.files = random() % 2 * (random() % 4);
        c.answer = random() % 3 == 0;
        c.collection = random() % 4 == 0;
        return c;
    }
};

// Who puts parcels together, and what it keeps of them.
struct packer {
    std::uint64_t from = 0;
    sender<note> answers = {};
    bool keeps = false;                 // the other ends of what it gives away
    std::vector<handle> pipes = {};     // the writing ends
    std::vector<sender<note>> notes = {};

    parcel pack(const sender<parcel>& tx, std::uint64_t number) {
        const contents c = contents::of(from, number);
        parcel p;
        p.from = from;
        p.number = number;
        p.text = pattern(number, c.text_bytes);
        if (c.memory_bytes != 0) p.memory = shared_memory::copy_of(pattern(from, c.memory_bytes));
        if (c.span_length != 0) {
            auto span = tx.template allocate<std::uint64_t>(c.span_length);
            for (std::size_t i = 0; i != span.size(); ++i) span[i] = number * 7919 + i;
            p.span = std::move(span);
        }
        while (p.files.size() != c.files) p.files.push_back(numbered_pipe(p.files.size()));
        if (c.answer && answers.is_open()) p.answer_to = answers;
        if (c.collection) {
            auto [ntx, nrx] = make_channel<note>();
            for (std::uint64_t i = 0; i != 3; ++i) ntx.send(note{i, {}});
            p.collection = std::move(nrx);
            p.is_closed = !keeps;
            if (keeps) notes.push_back(std::move(ntx));
        }
        return p;
    }

private:
    handle numbered_pipe(std::size_t place) {
        int fds[2];
        if (::pipe2(fds, O_CLOEXEC) != 0) std::abort();
        handle write(fds[1]);
        const auto byte = static_cast<unsigned char>(place);
        if (::write(fds[1], &byte, 1) != 1) std::abort();
        if (keeps) pipes.push_back(std::move(write));
        return handle(fds[0]);
    }
};

// What is wrong with it; nothing if it is whole. Answers if that is wanted.
inline std::string fault_of(parcel& p) {
    const contents c = contents::of(p.from, p.number);
    if (p.text != pattern(p.number, c.text_bytes)) return "text";
    const std::string memory = pattern(p.from, c.memory_bytes);
    if (p.memory.size_bytes() != memory.size() ||
        (!memory.empty() && std::memcmp(p.memory.data(), memory.data(), memory.size()) != 0))
        return "memory";
    if (p.span.size() != c.span_length) return "length of span";
    for (std::size_t i = 0; i != p.span.size(); ++i)
        if (p.span[i] != p.number * 7919 + i) return "span";
    if (p.files.size() != c.files) return "number of files";
    for (std::size_t i = 0; i != p.files.size(); ++i) {
        unsigned char place = 255;
        if (::read(p.files[i].native_handle(), &place, 1) != 1 || place != i) return "files";
    }
    if (p.collection.has_value() != c.collection) return "collection";
    error_code ec;
    if (p.collection) {
        for (std::uint64_t i = 0; i != 3; ++i)
            if (p.collection->recv(ec).number != i || ec) return "note: " + ec.message();
        if (p.is_closed) {
            p.collection->recv(ec);
            if (ec != asio::error::eof) return "end of notes: " + ec.message();
        }
    }
    if (p.answer_to) {
        p.answer_to->send(note{p.number, {}}, ec);
        if (ec && ec != asio::error::broken_pipe) return "answer: " + ec.message();
    }
    return {};
}

// What processes write down as they go, so that it is known when they are dead.
struct account {
    std::atomic<std::uint64_t> begun;      // sends
    std::atomic<std::uint64_t> completed;  // sends
    std::atomic<std::uint64_t> taken;      // receives
};

struct ledger_page {
    account of[16];
    std::atomic<std::uint64_t> handed_over;
    std::atomic<std::uint64_t> wrong;
};

class ledger {
public:
    ledger() : memory_(::memfd_create("ledger", MFD_CLOEXEC)) {
        if (::ftruncate(memory_.native_handle(), sizeof(ledger_page)) != 0) std::abort();
        map();
    }
    explicit ledger(handle memory) : memory_(std::move(memory)) { map(); }
    ~ledger() { ::munmap(page_, sizeof(ledger_page)); }
    ledger(const ledger&) = delete;
    ledger& operator=(const ledger&) = delete;

    handle for_child() const { return memory_.duplicate(); }
    ledger_page* operator->() const { return page_; }
    ledger_page& page() const { return *page_; }

private:
    void map() {
        void* at = ::mmap(nullptr, sizeof(ledger_page), PROT_READ | PROT_WRITE, MAP_SHARED,
            memory_.native_handle(), 0);
        if (at == MAP_FAILED) std::abort();
        page_ = static_cast<ledger_page*>(at);
    }

    handle memory_;
    ledger_page* page_ = nullptr;
};

// Checks parcels as they come: whole, in order, none twice and none missing between two.
class arrivals {
public:
    void take(parcel& p) {
        const std::string fault = fault_of(p);
        BOOST_TEST_REQUIRE(fault == "", "parcel " << p.number << " from " << p.from << ": " << fault);
        BOOST_TEST_REQUIRE(p.number == next_[p.from], "from " << p.from);
        ++next_[p.from];
        ++total_;
    }

    // Completed sends were received, and nothing that was not sent.
    void expect_all_of(const ledger& book) {
        for (std::uint64_t from = 0; from != std::size(book->of); ++from) {
            BOOST_TEST_REQUIRE(next_[from] >= book->of[from].completed, "from " << from);
            BOOST_TEST_REQUIRE(next_[from] <= book->of[from].begun, "from " << from);
        }
    }

    std::uint64_t& next(std::uint64_t from) { return next_[from]; }
    std::uint64_t total() const { return total_; }

private:
    std::map<std::uint64_t, std::uint64_t> next_;
    std::uint64_t total_ = 0;
};

}  // namespace strait::test

#endif
