//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "supervisor.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

namespace word_count {

namespace {

namespace asio = boost::asio;

// Files that a worker has to do: enough that it never waits for the next one, and so few that the
// requests fit the channel at once.
constexpr std::size_t window = 16;

constexpr std::size_t kills = 6;

// Workers that end one after the other without counting anything are out of order.
constexpr int hopeless = 5;

// Completes with the error code as a value, since the death of a worker is nothing exceptional here.
constexpr auto with_code = asio::as_tuple(asio::use_awaitable);

void rethrow(std::exception_ptr e) {
    if (e) std::rethrow_exception(e);
}

strait::handle open(const std::filesystem::path& path) {
    const strait::unique_file file(std::fopen(path.c_str(), "rb"));
    if (!file) throw std::runtime_error("cannot open " + path.string());
    return strait::handle::duplicate_of(file.get());
}

}  // namespace

// One worker process, and this side of its channels.
struct supervisor::worker {
    std::size_t place = 0;
    strait::process process;
    strait::sender<request> requests;
    strait::sender<answer> reply;  // goes with every request
    strait::receiver<answer> answers;
    std::set<std::uint32_t> unanswered;
    bool was_useful = false;
};

supervisor::supervisor(std::vector<std::filesystem::path> files, const options& o)
    : files_(std::move(files)), options_(o), progress_(tally_) {
    tally_.files = files_.size();
    tally_.files_of_worker.resize(options_.workers);
    workers_.resize(options_.workers);
    for (std::uint32_t i = 0; i != files_.size(); ++i) to_do_.push_back(i);
    if (!options_.kill) return;
    std::uniform_int_distribution<std::size_t> moment(1, files_.size() * 9 / 10 + 1);
    for (std::size_t i = 0; i != kills; ++i) kill_when_done_.insert(moment(random_));
}

const tally& supervisor::run() {
    for (std::size_t place = 0; place != options_.workers; ++place)
        asio::co_spawn(context_, keep_worker(place), rethrow);
    context_.run();
    return tally_;
}

// Sees to it that there is a worker at that place while there is work.
asio::awaitable<void> supervisor::keep_worker(std::size_t place) {
    int useless = 0;
    while (!to_do_.empty()) {
        auto w = workers_[place] = std::make_shared<worker>();
        w->place = place;
        auto [requests, requests_end] = strait::make_channel<request>(context_);
        auto [reply, answers] = strait::make_channel<answer>(context_);
        w->requests = std::move(requests);
        w->reply = std::move(reply);
        w->answers = std::move(answers);

        // The worker is this program again, and gets one end of a channel: nothing else.
        auto self = strait::process_options::this_program();
        self.argument("--worker").give("requests", std::move(requests_end));
        w->process = strait::process::start(context_, self);
        asio::co_spawn(context_, watch(w), rethrow);

        do co_await feed(*w);
        while (co_await collect(*w));

        // It has no more to do, or it died. In that case, its work goes to others.
        w->requests.close();
        tally_.files_sent_again += w->unanswered.size();
        to_do_.insert(to_do_.end(), w->unanswered.begin(), w->unanswered.end());
        useless = w->was_useful ? 0 : useless + 1;
        if (useless == hopeless) throw std::runtime_error("the workers do not work");
    }
    workers_[place].reset();
}

// When a worker has ended, this side's sender of answers is the last one: without it the channel
// ends, behind everything that the worker had sent.
asio::awaitable<void> supervisor::watch(std::shared_ptr<worker> w) {
    co_await w->process.async_wait(with_code);
    w->reply.close();
}

// Sends the worker as much as it may have.
asio::awaitable<void> supervisor::feed(worker& w) {
    // Its sender of answers is closed when it has died.
    while (w.reply.is_open() && w.unanswered.size() < window && !to_do_.empty()) {
        const std::uint32_t file = to_do_.front();
        to_do_.pop_front();
        w.unanswered.insert(file);
        request r{file, open(files_[file]), w.reply};
        auto [ec] = co_await w.requests.async_send(std::move(r), with_code);
        if (ec == asio::error::broken_pipe) co_return;  // it died just now
        if (ec) throw strait::system_error(ec, "send");
    }
}

// Takes one answer. False: there are none to come.
asio::awaitable<bool> supervisor::collect(worker& w) {
    if (w.unanswered.empty()) co_return false;
    auto [ec, a] = co_await w.answers.async_recv(with_code);
    if (ec == asio::error::eof) co_return false;
    if (ec) throw strait::system_error(ec, "recv");
    if (w.unanswered.erase(a.file) == 0) throw std::runtime_error("an answer to no question");
    w.was_useful = true;
    tally_.add(a, w.place);
    progress_.update();
    for (auto at = kill_when_done_.begin();
         at != kill_when_done_.end() && *at <= tally_.files_done;
         at = kill_when_done_.erase(at))
        kill_someone();
    co_return true;
}

void supervisor::kill_someone() {
    std::vector<worker*> alive;
    for (const auto& w : workers_)
        if (w && w->reply.is_open()) alive.push_back(w.get());
    if (alive.empty()) return;
    std::uniform_int_distribution<std::size_t> which(0, alive.size() - 1);
    strait::error_code ec;
    alive[which(random_)]->process.kill(ec);
    if (!ec) ++tally_.workers_killed;
}

}  // namespace word_count
